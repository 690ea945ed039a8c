import type { Command } from 'commander'
import { type CommandContext, outputFolder } from '../context.ts'
import { wholeNumber } from '../options.ts'
import type { RunStageOptions, StageWithEngines } from '../running-stage.ts'

const FIRST_STAGE = '1'

interface StartOptions {
  readonly once?: true
  readonly port?: number
  readonly predict: boolean
}

export function addStart(program: Command, { terminal, setExitCode }: CommandContext): void {
  const once = async (interrupted: AbortSignal): Promise<void> => {
    const { runFirstLab } = await import('../first-lab.ts')
    const { exitCodeOf } = await import('../lab-outcome.ts')
    setExitCode(exitCodeOf(await runFirstLab(false, terminal, interrupted)))
  }

  /** Plays the recorded run of the first lab if the stage does not start, and then throws why. */
  const startStage = async (
    options: RunStageOptions,
    predict: boolean,
    interrupted: AbortSignal,
  ): Promise<StageWithEngines> => {
    const { runStage } = await import('../running-stage.ts')
    try {
      return await runStage(options, terminal, interrupted)
    } catch (error) {
      interrupted.throwIfAborted()
      const { playFirstLab } = await import('../first-lab.ts')
      terminal.log(
        `Stage ${FIRST_STAGE} cannot start here, so there is no chat page. The reason comes last.\n`,
      )
      await playFirstLab({ predict }, terminal, interrupted)
      terminal.log('')
      throw error
    }
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
until Ctrl-C. If this machine cannot run the lab, it shows the lab's recorded run or a demonstration.
If it cannot run the stage either, it plays the recorded run, says what to install, and exits with 1.

Examples:
  npm start
  npm start -- --once
  npx threshold start --port 3000`,
    )
    .action(async (options: StartOptions) => {
      const { port, predict } = options
      const { interruptible } = await import('../interruption.ts')
      const { requireOutputFolder, requireStagePorts } = await import('../preflight.ts')
      const { stageEnvironment, untilInterrupted } = await import('../running-stage.ts')
      const { findStage } = await import('../unknown-name.ts')
      await requireOutputFolder(outputFolder(), 'the report of the lab')
      if (!options.once) await requireStagePorts(port)
      await interruptible('start', terminal, async (interrupted) => {
        if (options.once) return await once(interrupted)
        const stage = await findStage(FIRST_STAGE)
        const env = stageEnvironment(undefined)
        await using running = await startStage({ stage, port, env }, predict, interrupted)
        const { showFirstLab } = await import('../first-lab.ts')
        const { url } = running.stage
        terminal.print(`ready ${url}`)
        terminal.log(`stage ${FIRST_STAGE} serves on ${running.engineLabels}; now the first lab\n`)
        await showFirstLab(predict, terminal, interrupted)
        terminal.print(`\nchat page: ${url}/`)
        terminal.log(
          'Open it in two windows and talk to yourself. Next: npx threshold next. ' +
            'Ctrl-C ends all of this.',
        )
        await untilInterrupted(running, interrupted)
      })
    })
}
