import type { PrefetchOutcome } from '@threshold/engines'
import type { Command } from 'commander'
import { type CommandContext, EXIT } from '../context.ts'
import { table } from '../terminal.ts'

const STATES: Record<PrefetchOutcome['outcome'], string> = {
  present: 'present',
  fetched: 'fetched',
  skipped: 'skipped',
  failed: 'FAILED',
}

export function addPrefetch(program: Command, { terminal, setExitCode }: CommandContext): void {
  program
    .command('prefetch')
    .description('fetch and build everything that a class needs, before it starts')
    .addHelpText(
      'after',
      `
Run it once at home: the network at a workshop is too slow for thirty people to do this at nine in
the morning. It does not fetch again what is present. Skipped things are not needed, or cannot be
used on this machine. Exits with 1 when something failed.

Examples:
  npx threshold prefetch
  THRESHOLD_CACHE=/mnt/class npx threshold prefetch     into another cache than ~/.cache/threshold`,
    )
    .action(async () => {
      const { ENGINE_ITEMS, prefetch } = await import('@threshold/engines')
      const { DOCS_ITEM } = await import('../docs-packages.ts')
      const { interruptible, unlessInterrupted } = await import('../interruption.ts')
      const items = [...ENGINE_ITEMS, DOCS_ITEM]
      const outcomes = await interruptible('prefetch', terminal, async (interrupted) => {
        using progress = terminal.progress('checking what is present')
        return await unlessInterrupted(interrupted, prefetch(progress.step, items))
      })
      terminal.print(
        table(
          ['What', 'State', 'Why'],
          outcomes.map(({ title, outcome, why }) => [title, STATES[outcome], firstLine(why)]),
        ),
      )
      if (outcomes.some(({ outcome }) => outcome === 'failed')) setExitCode(EXIT.failure)
    })
}

const firstLine = (text = ''): string => text.split('\n')[0] ?? ''
