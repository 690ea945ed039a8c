import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addHistory(program: Command, { terminal }: CommandContext): void {
  program
    .command('history')
    .description('your runs, with verdict, scores of your predictions and engine, newest last')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExamples:\n  npx threshold history\n  npx threshold history --json')
    .action(async ({ json = false }: { json?: boolean }) => {
      const { formatHistory, historyOf } = await import('../progress/history.ts')
      const { readProgress } = await import('../progress.ts')
      const runs = await historyOf(await readProgress())
      if (json) return terminal.print(JSON.stringify({ v: 1, runs }, undefined, 2))
      if (runs.length === 0) return terminal.print('no runs yet; the next step: npx threshold')
      terminal.print(formatHistory(runs))
    })
}
