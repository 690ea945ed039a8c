import { defineConfig } from 'vitest/config'

const excluded = ['**/node_modules/**', '**/fixtures/**', 'docs/build/**', '**/.threshold/**']

/**
 * Two projects, one after the other. Suites that kill, pause or measure are named `*.alone.test.ts` and run singly once all others
 * are done: beside them, their engine would be a stranger's victim and their figures a stranger's load.
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
          exclude: [...excluded, '**/*.alone.test.ts'],
          // Made for two cores: a third file would only slow the other two and the engine they share.
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
          name: 'alone',
          include: ['**/test/**/*.alone.test.ts'],
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
