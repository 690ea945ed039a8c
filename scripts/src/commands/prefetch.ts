import { type PrefetchOutcome, prefetch } from '@threshold/engines'
import type { Command } from 'commander'
import { type Context, EXIT } from '../context.ts'
import { table } from '../terminal.ts'

const WORDS: Record<PrefetchOutcome['outcome'], string> = { present: 'here', fetched: 'fetched', skipped: 'skipped', failed: 'FAILED' }

export function addPrefetch(program: Command, { terminal, exitWith }: Context): void {
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
      const outcomes = await withProgress()
      terminal.print(
        table(
          ['What', 'State', 'Why'],
          outcomes.map(({ title, outcome, why }) => [title, WORDS[outcome], firstLine(why)]),
        ),
      )
      if (outcomes.some(({ outcome }) => outcome === 'failed')) exitWith(EXIT.failure)
    })

  async function withProgress(): Promise<PrefetchOutcome[]> {
    using progress = terminal.progress('looking at what is here')
    return await prefetch(progress.step)
  }
}

const firstLine = (text = ''): string => text.split('\n')[0] ?? ''
