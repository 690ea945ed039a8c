import { defineConfig } from 'vitest/config'
import { testsAll } from './infra/engines/src/testing/breadth.ts'

const excluded = ['**/node_modules/**', '**/fixtures/**', 'docs/build/**', '**/.threshold/**']
const labs = 'labs/*/test/**/*.apart.test.ts'
/**
 * For the stages that tests start, but not for labs, whose figures depend on it: beside other work
 * a request may take longer than the five seconds that a user would wait.
 */
const patient = { THRESHOLD_BUDGET_MS: '20000' }

/**
 * Four projects, one after the other. Suites named `*.alone.test.ts` measure time, or end what they
 * find: they run singly, and before all others, while the machine is calm. Then the many quick
 * ones. Those that kill engines and stages of their own are named `*.apart.test.ts` and come after;
 * last those of the labs, which would make them late.
 */
export default defineConfig({
  test: {
    // Starts one engine for the whole run, and only when the first suite asks for a database.
    globalSetup: ['infra/engines/src/testing/global-setup.ts'],
    reporters: ['default'],
    // What a worker has loaded serves all its suites: they hold no state in modules, and loading
    // took a third of the run.
    isolate: false,
    maxConcurrency: 8,
    // Only a failure waits this long. One second, the default, is too short beside other work.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['**/test/**/*.alone.test.ts'],
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // Not 0: there vitest keeps what runs singly for the end.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          env: patient,
          include: ['**/test/**/*.test.ts'],
          exclude: [...excluded, '**/*.{alone,apart}.test.ts'],
          // Made for two cores: a third file would only slow the other two and the engines they
          // share.
          maxWorkers: 2,
          testTimeout: 90_000,
          // A first run may install its engine in a beforeAll.
          hookTimeout: 180_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'apart',
          env: patient,
          include: ['**/test/**/*.apart.test.ts'],
          exclude: [...excluded, labs],
          // One of three waits: for an engine that starts again, or for its turn. Of all there is,
          // too many would want the disk at once.
          maxWorkers: testsAll() ? 2 : 3,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'labs',
          include: [labs],
          exclude: excluded,
          maxWorkers: 2,
          testTimeout: 240_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
})
