import type { Command } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'
import { wholeNumber } from '../options.ts'

const FIRST_STAGE = '1'
const FIRST_LAB = '1.1'

interface StartOptions {
  readonly once?: true
  readonly port?: number
  readonly predict: boolean
}

export function addStart(program: Command, { terminal, setExitCode }: CommandContext): void {
  /** Returns the exit code that the verdict stands for. */
  const runFirstLab = async (predict: boolean, interrupted: AbortSignal): Promise<number> => {
    const { findLab, runLab } = await import('../labs.ts')
    const { exitCodeOf, formatOutcome } = await import('../lab-outcome.ts')
    const lab = await findLab(FIRST_LAB)
    const outcome = await runLab(lab, { size: 'quick', predict }, terminal, interrupted)
    terminal.print(formatOutcome(outcome))
    return exitCodeOf(outcome)
  }

  program
    .command('start')
    .description('begin here: stage 1 on a real database, the first lab, and a chat page to try')
    .option('--once', 'run the first lab, print its verdict, and exit')
    .option(
      '--port <P>',
      'the port for the stage to listen on; any free one by default',
      wholeNumber(0, 65_535),
    )
    .option('--no-predict', 'do not ask for a prediction before the lab')
    .addHelpText(
      'after',
      `
This is what "npm start" runs. With --once it asks nothing and exits like "threshold lab": 0 when the
hypothesis is supported, 10 refuted, 11 inconclusive, 12 could not run. Without it, the stage runs
until Ctrl-C.

Examples:
  npm start
  npm start -- --once
  npx threshold start --port 3000`,
    )
    .action(async ({ once, port, predict }: StartOptions) => {
      const { interruptible } = await import('../interruption.ts')
      const { requireOutputFolder, requireStagePorts } = await import('../preflight.ts')
      const { runStage, stageEnvironment, untilInterrupted } = await import('../running-stage.ts')
      const { findStage } = await import('../unknown-name.ts')
      await requireOutputFolder(outputFolder(), 'the report of the lab')
      if (!once) await requireStagePorts(port)
      await interruptible('start', terminal, async (interrupted) => {
        if (once) return setExitCode(await runFirstLab(false, interrupted))
        const stage = await findStage(FIRST_STAGE)
        const options = { stage, port, env: stageEnvironment(undefined) }
        await using running = await runStage(options, terminal, interrupted)
        const { url } = running.stage
        terminal.print(`ready ${url}`)
        terminal.log(`stage ${FIRST_STAGE} serves on ${running.engineLabels}; now the first lab\n`)
        await runFirstLab(predict, interrupted)
        terminal.print(`\nchat page: ${url}/`)
        terminal.log(
          'Open it in two windows and talk to yourself. Next: npx threshold lab list. ' +
            'Ctrl-C ends all of this.',
        )
        await untilInterrupted(running, interrupted)
      })
    })
}
