import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { messageOf } from '@threshold/kit'
import { removeContainer } from '../process/container.ts'
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts'
import { processesOfRun } from '../process/marks.ts'
import { terminate } from '../process/terminate.ts'
import { entryFile, type FoundRun, listRuns, readEntry, runDir } from './registry.ts'

export interface SweepReport {
  /** One line for each process or container that was ended. */
  readonly ended: readonly string[]
  /** Files and folders that were removed. */
  readonly removed: readonly string[]
  /** What could not be ended or removed, and why; empty means clean. */
  readonly problems: readonly string[]
}

export interface SweepOptions {
  /** Also what still has a living owner: for `threshold reset`. */
  readonly all?: boolean
  readonly graceMs?: number
}

/**
 * Ends and removes what a killed owner left behind: processes, containers, data. Safe to run at any time, twice, and from
 * several processes at once; it never ends a process whose id was reused since.
 */
export async function sweep(options: SweepOptions = {}): Promise<SweepReport> {
  const { all = false, graceMs = 5_000 } = options
  const report = { ended: [] as string[], removed: [] as string[], problems: [] as string[] }
  const { runs, drafts } = await listRuns()
  await Promise.all(
    runs.map(async (run) => {
      try {
        if (all || (await isLeftOver(run))) await clear(run, graceMs, report)
      } catch (error) {
        report.problems.push(`${run.id}: ${messageOf(error)}`)
      }
    }),
  )
  for (const draft of drafts) {
    const writer = Number(draft.split('.').at(-2))
    if (all || (await identify(writer)) === undefined) await rm(draft, { force: true })
  }
  return report
}

async function isLeftOver(run: FoundRun): Promise<boolean> {
  if (run.entry !== undefined) return !(await isAlive(run.entry.owner))
  // Not an entry at first sight: perhaps it was written, or closed, between listing the folder and reading the file.
  if (!existsSync(entryFile(run.id)) && !existsSync(runDir(run.id))) return false
  const again = await readEntry(run.id)
  return again === undefined || !(await isAlive(again.owner))
}

interface Report {
  ended: string[]
  removed: string[]
  problems: string[]
}

async function clear(run: FoundRun, graceMs: number, report: Report): Promise<void> {
  const dir = runDir(run.id)
  for (const { identity, group } of await processesOf(run)) {
    const what = `${run.entry?.text ?? run.id} (process ${identity.pid})`
    if (await terminate(identity, { group, graceMs })) report.ended.push(what)
    else report.problems.push(`${what} could not be ended; try: kill -9 ${identity.pid}`)
  }
  const container = run.entry?.containerId
  if (container !== undefined && (await removeContainer(container)))
    report.ended.push(`${run.entry?.text} (container ${container.slice(0, 12)})`)
  for (const path of [dir, entryFile(run.id)]) {
    if (!existsSync(path)) continue
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
    report.removed.push(path)
  }
}

async function processesOf(run: FoundRun): Promise<{ identity: ProcessIdentity; group: boolean }[]> {
  const known = run.entry?.process
  const found =
    known !== undefined && known.pid !== process.pid && (await isAlive(known))
      ? [{ identity: known, group: run.entry?.group ?? false }]
      : []
  // An owner may be killed between starting a process and writing down its id, and a process may leave others behind.
  const marked = await processesOfRun(run.id, runDir(run.id))
  return [...found, ...marked.filter(({ pid }) => pid !== known?.pid).map((identity) => ({ identity, group: false }))]
}
