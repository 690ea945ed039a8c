import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { requireCache, type SweepReport, sweep } from '@threshold/engines'
import { messageOf } from '@threshold/kit'
import { type Context, EXIT, REMAINS, ROOT } from '../context.ts'

/** What labs found out outlives any reset: it cannot be had again by running a command. */
const KEPT = 'evidence'

export async function reset({ terminal, exitWith }: Context): Promise<void> {
  // Reset cannot say that a cache is clean if it cannot read it.
  await requireCache()
  terminal.say('ending what still runs')
  const swept = await sweep({ all: true })
  const own = await removeRemains(join(ROOT, REMAINS))
  const removed = [...swept.removed, ...own.removed]
  const problems = [...swept.problems, ...own.problems]

  for (const line of swept.ended) terminal.say(`ended    ${line}`)
  for (const path of removed) terminal.say(`removed  ${path}`)
  for (const problem of problems) terminal.say(`PROBLEM  ${problem}`)
  const nothing = swept.ended.length + removed.length + problems.length === 0
  terminal.print(
    nothing
      ? 'clean: there was nothing to end or remove'
      : summary(swept.ended.length, removed.length, problems.length),
  )
  if (problems.length > 0) exitWith(EXIT.failure)
}

async function removeRemains(folder: string): Promise<Pick<SweepReport, 'removed' | 'problems'>> {
  const removed: string[] = []
  const problems: string[] = []
  for (const name of await readdir(folder).catch(() => [])) {
    if (name === KEPT) continue
    const path = join(folder, name)
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      removed.push(path)
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { removed, problems }
}

const summary = (ended: number, removed: number, problems: number): string =>
  `${ended} ended, ${removed} removed, ${problems === 0 ? 'no problems' : `${problems} problems`}`
