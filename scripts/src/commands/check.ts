import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function addCheck(program: Command, context: Context): void {
  program
    .command('check')
    .description(
      'for contributors: types, lint, boundaries, unused code, and what the stages say of themselves',
    )
    .addHelpText(
      'after',
      '\nWhat "npm run check" runs. Exits with 0 when nothing is wrong.\n\nExample:\n  npm run check',
    )
    .action(async () => {
      const { check } = await import('../actions/check.ts')
      await check(context)
    })
}
