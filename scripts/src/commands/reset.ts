import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function addReset(program: Command, context: Context): void {
  program
    .command('reset')
    .description(
      'back to clean: ends every stage, engine and lab of Threshold on this machine, and removes what they left',
    )
    .addHelpText(
      'after',
      `
Works from any state, also after a kill -9, and twice in a row. Keeps .threshold/evidence and what was installed into the
cache. Exits with 1 when something could not be ended or removed, and says what.

Example:
  npx threshold reset`,
    )
    .action(async () => {
      const { reset } = await import('../actions/reset.ts')
      await reset(context)
    })
}
