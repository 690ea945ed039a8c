import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'

export function addCompare(program: Command, { terminal }: CommandContext): void {
  program
    .command('compare')
    .description('two runs of one lab: the claimed figures side by side, and what else differed')
    .argument(
      '[RUN]',
      'the folder of a run in .threshold/evidence, or latest, or previous',
      'previous',
    )
    .argument('[RUN]', 'the run to compare it with', 'latest')
    .option('--json', 'print the comparison as JSON')
    .addHelpText(
      'after',
      `
Two runs are comparable when engine, machine and code are the same. A lab's recorded run has the
name ID-recorded once you have played it. "npx threshold history" lists your runs.

Examples:
  npx threshold compare
  npx threshold compare 1.3-recorded latest
  npx threshold compare previous latest --json`,
    )
    .action(async (first: string, second: string, { json = false }: { json?: boolean }) => {
      const { loadComparison } = await import('../progress/load-comparison.ts')
      const { formatComparison } = await import('../progress/compare.ts')
      const { names, ...comparison } = await loadComparison(first, second)
      if (json) {
        const [one, other] = names
        const result = { v: 1, first: one, second: other, ...comparison }
        return terminal.print(JSON.stringify(result, undefined, 2))
      }
      terminal.log(`first: ${names[0]}\nsecond: ${names[1]}\n`)
      terminal.print(formatComparison(comparison))
    })
}
