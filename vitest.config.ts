import { defineConfig } from 'vitest/config'
import { allTests } from './infra/engines/src/testing/breadth.ts'

const excluded = ['**/node_modules/**', '**/fixtures/**', 'docs/build/**', '**/.threshold/**']
const labs = 'labs/*/test/**/*.isolated.test.ts'
/**
 * Stages that tests start get 20 s per request: beside other work a request may take longer than
 * the default 5 s. Labs keep the default, because their figures depend on it.
 */
const patient = { THRESHOLD_BUDGET_MS: '20000' }

/**
 * Four projects, run one after the other.
 * - `serial`: suites named `*.serial.test.ts` measure time or end processes they find. They run one
 *   at a time, first, while the machine is calm.
 * - `parallel`: the many short suites.
 * - `isolated`: suites named `*.isolated.test.ts` kill engines and stages of their own.
 * - `labs`: last, because their load would delay every other suite.
 */
export default defineConfig({
  test: {
    // Starts one engine for the whole run, when the first suite asks for a database.
    globalSetup: ['infra/engines/src/testing/global-setup.ts'],
    reporters: ['default'],
    // Suites share a worker's loaded modules, so they must keep no state in modules. Loading took a
    // third of the run otherwise.
    isolate: false,
    maxConcurrency: 8,
    // Only a failure waits this long. The default of 1 s is too short on a busy machine.
    expect: { poll: { timeout: 30_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'serial',
          include: ['**/test/**/*.serial.test.ts'],
          exclude: excluded,
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // Not 0: vitest moves sequential projects of group 0 to the end.
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'parallel',
          env: patient,
          include: ['**/test/**/*.test.ts'],
          exclude: [...excluded, '**/*.{serial,isolated}.test.ts'],
          // For two cores: a third file would only slow the other two and the engines they share.
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
          name: 'isolated',
          env: patient,
          include: ['**/test/**/*.isolated.test.ts'],
          exclude: [...excluded, labs],
          // One of three usually waits for an engine to restart, or for its turn. With --all, three
          // would compete for the disk.
          maxWorkers: allTests() ? 2 : 3,
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
