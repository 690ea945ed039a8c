import { ENGINE_ITEMS, type PrefetchOutcome, prefetch } from '@threshold/engines'
import { type Context, EXIT } from '../context.ts'
import { DOCS_ITEM } from '../docs-site.ts'
import { interruptible, unlessInterrupted } from '../interruption.ts'
import { table } from '../terminal.ts'

const WORDS: Record<PrefetchOutcome['outcome'], string> = {
  present: 'here',
  fetched: 'fetched',
  skipped: 'skipped',
  failed: 'FAILED',
}

export async function prefetchAll({ terminal, exitWith }: Context): Promise<void> {
  const outcomes = await interruptible('prefetch', terminal, async (interrupted) => {
    using progress = terminal.progress('looking at what is here')
    return await unlessInterrupted(
      interrupted,
      prefetch(progress.step, [...ENGINE_ITEMS, DOCS_ITEM]),
    )
  })
  terminal.print(
    table(
      ['What', 'State', 'Why'],
      outcomes.map(({ title, outcome, why }) => [title, WORDS[outcome], firstLine(why)]),
    ),
  )
  if (outcomes.some(({ outcome }) => outcome === 'failed')) exitWith(EXIT.failure)
}

const firstLine = (text = ''): string => text.split('\n')[0] ?? ''
