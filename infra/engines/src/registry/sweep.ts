import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { messageOf } from '@threshold/kit/errors'
import { enginesConfig } from '../config.ts'
import { REGISTRATION_LABEL } from '../docker/labels.ts'
import { removeContainersOfCache, removeRegisteredContainers } from '../docker/remove.ts'
import { identify, isAlive, type ProcessIdentity } from '../process/identity.ts'
import { taggedProcesses } from '../process/process-tags.ts'
import { terminate } from '../process/terminate.ts'
import type { OnProgress } from '../progress.ts'
import { entryDir, entryFile, type FoundEntry, listEntries, readEntry } from './registry.ts'

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
  /** How long SIGTERM may take. A process whose owner is dead is killed after that. */
  readonly graceMs?: number
}

const GRACE_MS = 5_000

/** A process may start another one while it is being ended. */
const PASSES = 5

/**
 * Ends and removes what a killed owner left behind: processes, containers, data. Safe to run at any
 * time, twice, and from several processes at once; it never ends a process whose id was reused
 * since.
 */
export async function sweep(options: SweepOptions = {}): Promise<SweepReport> {
  const { all = false, graceMs = GRACE_MS } = options
  const report = { ended: [] as string[], removed: [] as string[], problems: [] as string[] }
  const { entries, drafts } = await listEntries()
  await Promise.all(
    entries.map(async (found) => {
      try {
        if (all || (await isOrphaned(found))) await removeEntry(found, { all, graceMs }, report)
      } catch (error) {
        report.problems.push(`${found.id}: ${messageOf(error)}`)
      }
    }),
  )
  if (all) await removeUnregisteredContainers(report)
  for (const draft of drafts) {
    const writer = Number(draft.split('.').at(-2))
    if (all || (await identify(writer)) === undefined) await rm(draft, { force: true })
  }
  return report
}

/**
 * A sweep before something is started. It reports each process that it ends, since a killed command
 * reports nothing.
 */
export async function endOrphans(onProgress: OnProgress): Promise<void> {
  const { ended } = await sweep()
  for (const what of ended) onProgress({ text: `ended what an earlier command had left: ${what}` })
}

/**
 * Containers of this cache that no entry leads to: the cache's folder was removed, or Docker did
 * not answer last time.
 */
async function removeUnregisteredContainers(report: Report): Promise<void> {
  try {
    const removed = await removeContainersOfCache(enginesConfig().cacheDir)
    for (const id of removed)
      report.ended.push(containerText('a container that nothing led to', id))
  } catch (error) {
    report.problems.push(`containers: ${messageOf(error)}`)
  }
}

async function isOrphaned(run: FoundEntry): Promise<boolean> {
  if (run.entry !== undefined) return !(await isAlive(run.entry.owner))
  // Not an entry at first sight: perhaps it was written, or closed, between listing the folder and
  // reading the file.
  if (!existsSync(entryFile(run.id)) && !existsSync(entryDir(run.id))) return false
  const again = await readEntry(run.id)
  return again === undefined || !(await isAlive(again.owner))
}

interface Report {
  ended: string[]
  removed: string[]
  problems: string[]
}

async function removeEntry(
  run: FoundEntry,
  { all, graceMs }: Required<SweepOptions>,
  report: Report,
): Promise<void> {
  const dir = entryDir(run.id)
  const grace = !all && run.entry?.onExit === 'kill' ? 0 : graceMs
  for (let pass = 0; pass < PASSES; pass++) {
    const found = await processesOf(run)
    if (found.length === 0) break
    const ended = await Promise.all(found.map((one) => end(one, run, grace, report)))
    // Its entry stays, so that it is not forgotten.
    if (ended.includes(false)) return
  }
  if (!(await removeContainers(run, all, report))) return
  for (const path of [dir, entryFile(run.id)]) {
    if (!existsSync(path)) continue
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
    report.removed.push(path)
  }
}

/** False when the daemon could not be asked: the entry then stays for the next sweep. */
async function removeContainers(
  { id, entry }: FoundEntry,
  all: boolean,
  report: Report,
): Promise<boolean> {
  if (entry?.dockerHost === undefined) return true
  const { dockerHost, containerId, text } = entry
  try {
    for (const removed of await removeRegisteredContainers({ runId: id, containerId, dockerHost }))
      report.ended.push(containerText(text, removed))
    return true
  } catch (error) {
    const how = `docker ps -aq --filter label=${REGISTRATION_LABEL}=${id} | xargs -r docker rm -fv`
    report.problems.push(
      `${text}: the Docker daemon at ${dockerHost} does not answer (${messageOf(error)}), so its container may be left; start Docker, then: ${how}`,
    )
    // After a reset nothing of this cache is kept; the next one finds the container by its label.
    return all
  }
}

const containerText = (text: string, id: string): string => `${text} (container ${id.slice(0, 12)})`

interface FoundProcess {
  readonly identity: ProcessIdentity
  readonly group: boolean
}

async function end(
  { identity, group }: FoundProcess,
  run: FoundEntry,
  graceMs: number,
  report: Report,
): Promise<boolean> {
  const what = `${run.entry?.text ?? run.id} (process ${identity.pid})`
  const ended = await terminate(identity, { group, graceMs })
  if (ended) report.ended.push(what)
  else report.problems.push(`${what} could not be ended; try: kill -9 ${identity.pid}`)
  return ended
}

async function processesOf(run: FoundEntry): Promise<FoundProcess[]> {
  const known = run.entry?.process
  const found =
    known !== undefined && known.pid !== process.pid && (await isAlive(known))
      ? [{ identity: known, group: run.entry?.group ?? false }]
      : []
  // An owner may be killed between starting a process and writing down its id, and a process may
  // leave others behind.
  const marked = await taggedProcesses(run.id, entryDir(run.id))
  return [
    ...found,
    ...marked
      .filter(({ pid }) => pid !== known?.pid)
      .map((identity) => ({ identity, group: false })),
  ]
}
