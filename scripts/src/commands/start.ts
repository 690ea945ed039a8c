import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { wholeNumber } from '../options.ts'

export interface StartOptions {
  readonly once?: true
  readonly port?: number
  readonly predict: boolean
}

export function addStart(program: Command, context: Context): void {
  program
    .command('start')
    .description('begin here: stage 1 on a real database, the first lab, and a chat page to try')
    .option('--once', 'run the first lab, print its verdict, and leave')
    .option(
      '--port <P>',
      'where the stage listens; without it, any free port',
      wholeNumber(0, 65_535),
    )
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
    .action(async (options: StartOptions) => {
      const { start } = await import('../actions/start.ts')
      await start(context, options)
    })
}
