import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { Interrupted, interruptible } from '../interruption.ts'
import { drawOutcome, EXIT_CODES, findLab, runLab } from '../labs.ts'
import { wholeNumber } from '../options.ts'
import { serve } from '../serve.ts'
import { stageEnvironment, untilGone } from './stage.ts'

const FIRST_STAGE = 1
const FIRST_LAB = '1.1'

interface Options {
  readonly once?: true
  readonly port?: number
  readonly predict: boolean
}

export function addStart(program: Command, { terminal, exitWith }: Context): void {
  program
    .command('start')
    .description('begin here: stage 1 on a real database, the first lab, and a chat page to try')
    .option('--once', 'run the first lab, print its verdict, and leave')
    .option('--port <P>', 'where the stage listens; without it, any free port', wholeNumber(0, 65_535))
    .option('--no-predict', 'do not ask what you expect before the lab')
    .addHelpText(
      'after',
      `
What "npm start" runs. With --once it asks nothing and exits like "threshold lab": 0 when the hypothesis is supported,
10 refuted, 11 inconclusive, 12 could not run. Without it, the stage stays until Ctrl-C.

Examples:
  npm start
  npm start -- --once
  npx threshold start --port 3000`,
    )
    .action(async ({ once, port, predict }: Options) => {
      if (once) return exitWith(await firstLab(false))
      await interruptible('start', terminal, async (interrupted) => {
        await using served = await serve({ stage: FIRST_STAGE, port, env: stageEnvironment(undefined) }, terminal, interrupted)
        terminal.print(`ready ${served.process.url}`)
        terminal.say(`stage ${FIRST_STAGE} serves on ${served.engine.label.text}; now the first lab`)
        await firstLab(predict)
        terminal.print(`\nchat page: ${served.process.url}/`)
        terminal.say('Open it in two windows and talk to yourself. Next: npx threshold lab list. Ctrl-C ends all of this.')
        await untilGone(served, interrupted)
      }).catch((error: unknown) => {
        if (!(error instanceof Interrupted)) throw error
      })
    })

  async function firstLab(ask: boolean): Promise<number> {
    const outcome = await runLab(await findLab(FIRST_LAB), { size: 'quick', ask }, terminal)
    terminal.print(drawOutcome(outcome))
    return EXIT_CODES[outcome.verdict]
  }
}
