import type { Command } from 'commander'
import type { Context } from '../context.ts'

export function addPrefetch(program: Command, context: Context): void {
  program
    .command('prefetch')
    .description('fetch and build all that a class needs, before it starts')
    .addHelpText(
      'after',
      `
Run it at home, once: a workshop's network will not carry thirty of these at nine in the morning. What is here already
is not fetched again. Exits with 1 when something failed; what was skipped is not needed here, or cannot be used.

Examples:
  npx threshold prefetch
  THRESHOLD_CACHE=/mnt/class npx threshold prefetch     into another cache than ~/.cache/threshold`,
    )
    .action(async () => {
      const { prefetchAll } = await import('../actions/prefetch.ts')
      await prefetchAll(context)
    })
}
