import { defineConfig } from 'vitest/config'

const excluded = ['**/node_modules/**', '**/fixtures/**', 'docs/build/**', '**/.threshold/**']

/**
 * Three projects, one after the other. Suites that count what becomes of processes of their own, and wait for most of their time,
 * are named `*.apart.test.ts` and run two at once when all quick ones are done. Those named `*.alone.test.ts` measure time, or end
 * what they find, and run singly at last: beside them, figures would be a stranger's load and engines a stranger's victim.
 */
export default defineConfig({
  test: {
    // Starts one engine for the whole run, and only when the first suite asks for a database.
    globalSetup: ['infra/engines/src/testing/global-setup.ts'],
    reporters: ['default'],
    projects: [
      {
        extends: true,
        test: {
          name: 'together',
          include: ['**/test/**/*.test.ts'],
          exclude: [...excluded, '**/*.{alone,apart}.test.ts'],
          // Made for two cores: a third file would only slow the other two and the engines they share.
          maxWorkers: 2,
          testTimeout: 30_000,
          // A first run may install its engine in a beforeAll.
          hookTimeout: 180_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          include: ['**/test/**/*.apart.test.ts'],
          exclude: excluded,
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['**/test/**/*.alone.test.ts'],
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
