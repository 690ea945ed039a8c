import type { Command } from 'commander'
import type { TestOptions } from '../actions/test.ts'
import type { Context } from '../context.ts'

export function addTest(program: Command, context: Context): void {
  program
    .command('test')
    .description("set up what tests need and run them: all, one stage's, or what vitest is told")
    .argument('[what...]', 'the number of a stage, or files and options for vitest')
    .option(
      '--all',
      'as much as CI does: all but what starts three nodes of Cassandra; half an hour',
    )
    .option(
      '--rerun-failed',
      'run up to three failed files once more, by themselves; those that then pass are named as flaky',
    )
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
The last line counts: "120 passed, 0 failed, 2 skipped". Exits with 1 when a test failed. Lab 2.2 is tested with
THRESHOLD_TEST_CLUSTER=1 alone: it starts three nodes of Cassandra, which takes 3 GB of memory beside everything else.

Examples:
  npx threshold test                              rules, adapters, stages, clients, kills, lab 1.1
  npx threshold test --all                        as much as CI does: labs, pages, each state of a move
  npx threshold test 1                            stage 1's tests alone
  npx threshold test stages/common/domain         one room
  npx threshold test 1 -t "deletes"               vitest's own options, here a name`,
    )
    .action(
      async (
        what: readonly string[],
        { all = false, rerunFailed = false }: Partial<TestOptions>,
      ) => {
        const { test } = await import('../actions/test.ts')
        await test(context, what, { all, rerunFailed })
      },
    )
}
