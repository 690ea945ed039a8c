import type { Command } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'
import type { TestRunOptions } from '../test-run.ts'

export function addTest(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('test')
    .description("fetch what tests need and run them: all, one stage's, or those you name")
    .argument('[what...]', 'the number of a stage, or files and options for vitest')
    .option(
      '--all',
      'all that CI runs, everything but tests on three nodes of Cassandra; half an hour',
    )
    .option(
      '--rerun-failed',
      'run up to three failed files again, by themselves, and name those that pass as flaky',
    )
    .allowUnknownOption()
    .addHelpText(
      'after',
      `
The last line counts: "120 passed, 0 failed, 2 skipped". Exits with 1 when a test failed. Lab 2.2 is
tested only with THRESHOLD_TEST_CLUSTER=1: it starts three nodes of Cassandra, which need 3 GB of
memory.

Examples:
  npx threshold test                           rules, adapters, stages, clients, kills, lab 1.1
  npx threshold test --all                     all that CI runs: labs, pages, each migration phase
  npx threshold test 1                         the tests of stage 1
  npx threshold test stages/common/domain      one package
  npx threshold test 1 -t "deletes"            vitest's own options, here a name`,
    )
    .action(
      async (
        what: readonly string[],
        { all = false, rerunFailed = false }: Partial<TestRunOptions>,
      ) => {
        const { CodedError } = await import('@threshold/kit')
        const { interruptible } = await import('../interruption.ts')
        const { requireOutputFolder } = await import('../preflight.ts')
        const { formatCounts } = await import('../test-counts.ts')
        const { runTests, vitestArguments } = await import('../test-run.ts')
        const args = await vitestArguments(what)
        await requireOutputFolder(outputFolder(), 'the output of tests')
        const name = `test ${what.join(' ')}`.trim()
        const { code, counts } = await interruptible(name, terminal, (interrupted, run) =>
          runTests(args, { all, rerunFailed }, terminal, interrupted, run),
        )
        if (counts === undefined)
          throw new CodedError(
            'TESTS_DID_NOT_RUN',
            `vitest ended with code ${code} before it wrote its report`,
          )
        if (!all)
          terminal.print(
            '\nskipped tests run with npm test -- --all; ' +
              'those with three nodes of Cassandra also need THRESHOLD_TEST_CLUSTER=1',
          )
        terminal.print(formatCounts(counts))
        setExitCode(code)
      },
    )
}
