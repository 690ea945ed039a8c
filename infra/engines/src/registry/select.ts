import { existsSync } from 'node:fs'
import { isAlive, type ProcessIdentity } from '../process/identity.ts'
import { REPOSITORY } from '../stage/list.ts'
import { entryDir, entryFile, type FoundEntry, readEntry } from './registry.ts'

/** The entries that a sweep covers besides those of owners that are gone. */
export interface SweepScope {
  /** All entries, and containers without an entry: for `threshold reset --all`. */
  readonly all?: boolean
  /** The entries of this checkout, except docs that are being served: for `threshold reset`. */
  readonly checkout?: boolean
}

export interface Selection {
  readonly swept: readonly FoundEntry[]
  readonly spared: readonly SparedEntry[]
}

export interface SparedEntry {
  readonly text: string
  readonly why: string
}

/** Decides which entries a sweep removes. An entry without a checkout counts as another one's. */
export async function selectEntries(
  entries: readonly FoundEntry[],
  { all = false, checkout = false }: SweepScope,
): Promise<Selection> {
  const readers = await ownersOfDocs(entries)
  const swept: FoundEntry[] = []
  const spared: SparedEntry[] = []
  for (const found of entries) {
    const why = all || (await isOrphaned(found)) ? undefined : whySpared(found, checkout, readers)
    if (why === undefined) swept.push(found)
    // A folder without an entry is about to get one.
    else if (found.entry !== undefined) spared.push({ text: found.entry.text, why })
  }
  return { swept, spared }
}

function whySpared(
  { entry }: FoundEntry,
  checkout: boolean,
  readers: ReadonlySet<string>,
): string | undefined {
  if (entry === undefined || !checkout) return 'its owner runs'
  if (entry.checkout !== REPOSITORY) return `started by ${entry.checkout ?? 'another checkout'}`
  return readers.has(keyOf(entry.owner)) ? 'the docs are being read' : undefined
}

/** The command that serves the docs owns its own entry and that of its server. */
async function ownersOfDocs(entries: readonly FoundEntry[]): Promise<ReadonlySet<string>> {
  const owners = await Promise.all(
    entries.map(async ({ entry }) =>
      entry?.role === 'docs' && entry.process !== undefined && (await isAlive(entry.process))
        ? [keyOf(entry.owner)]
        : [],
    ),
  )
  return new Set(owners.flat())
}

const keyOf = ({ pid, start }: ProcessIdentity): string => `${pid} ${start}`

async function isOrphaned({ id, entry }: FoundEntry): Promise<boolean> {
  if (entry !== undefined) return !(await isAlive(entry.owner))
  // Another process may have written or removed the entry since the folder was listed: read again.
  if (!existsSync(entryFile(id)) && !existsSync(entryDir(id))) return false
  const reread = await readEntry(id)
  return reread === undefined || !(await isAlive(reread.owner))
}
