import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

interface NextOptions {
  readonly recorded?: boolean
  readonly json?: boolean
}

export function addNext(program: Command, { terminal }: CommandContext): void {
  program
    .command('next')
    .description('where you are, and one command to run next')
    .option('--recorded', 'play recorded runs: they need no engine and take seconds')
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      `
"threshold" without a word does the same. A lab is done when a run at size quick or full gave a
verdict on this machine. A lab that cannot run here is done when you have played its recorded run.

Examples:
  npx threshold
  npx threshold next --recorded
  npx threshold next --json`,
    )
    .action(async ({ recorded = false, json = false }: NextOptions) => {
      const { findNext } = await import('../progress/find-next.ts')
      const { formatNext } = await import('../progress/next.ts')
      const next = await findNext(recorded)
      terminal.print(json ? JSON.stringify(next, undefined, 2) : formatNext(next))
    })
}
