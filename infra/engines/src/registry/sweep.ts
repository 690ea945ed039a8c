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
import { entryDir, entryFile, type FoundEntry, listEntries } from './registry.ts'
import { type SweepScope, selectEntries } from './select.ts'

export interface SweepReport {
  /** One line for each process or container that was ended. */
  readonly ended: readonly string[]
  /** Files and folders that were removed. */
  readonly removed: readonly string[]
  /** Processes, containers and files that could not be removed, each with the reason. */
  readonly problems: readonly string[]
}

export interface SweepOptions extends SweepScope {
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs?: number
}

const GRACE_MS = 5_000

/** A process may start another one while it is being ended. */
const PASSES = 5

export interface SweepPlan {
  /** One line for each process that a sweep would end, and for each container. */
  readonly ended: readonly string[]
  /** The files and folders that it would remove. */
  readonly removed: readonly string[]
  /** One line for each entry that it would spare, with the reason. */
  readonly spared: readonly string[]
}

/** Tells what a sweep would do. */
export async function planSweep(scope: SweepScope): Promise<SweepPlan> {
  const { swept, spared } = await selectEntries((await listEntries()).entries, scope)
  const ended = await Promise.all(
    swept.map(async (found) => {
      const processes = (await processesOf(found)).map(({ identity }) =>
        processText(found, identity),
      )
      const { containerId, text } = found.entry ?? {}
      return containerId === undefined
        ? processes
        : [...processes, containerText(text ?? found.id, containerId)]
    }),
  )
  return {
    ended: ended.flat(),
    removed: swept
      .flatMap(({ id }) => [entryDir(id), entryFile(id)])
      .filter((path) => existsSync(path)),
    spared: spared.map(({ text, why }) => `${text}: ${why}`),
  }
}

/**
 * Ends and removes the processes, containers and data of owners that are gone. Safe to run at any
 * time, repeatedly, and from several processes at once. It never ends an unrelated process whose id
 * was reused.
 */
export async function sweep(options: SweepOptions = {}): Promise<SweepReport> {
  const { all = false, checkout = false, graceMs = GRACE_MS } = options
  const patient = all || checkout
  const report: Report = { ended: [], removed: [], problems: [] }
  const { entries, drafts } = await listEntries()
  const { swept } = await selectEntries(entries, { all, checkout })
  await Promise.all(
    swept.map(async (found) => {
      try {
        await removeEntry(found, { all, patient, graceMs }, report)
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

/** Sweeps before an engine starts, and reports each orphan, since a killed command reports none. */
export async function endOrphans(onProgress: OnProgress): Promise<void> {
  const { ended } = await sweep()
  for (const text of ended) onProgress({ text: `ended a leftover of an earlier command: ${text}` })
}

/**
 * Removes containers of this cache that have no entry: the cache folder was deleted, or Docker did
 * not answer during an earlier reset.
 */
async function removeUnregisteredContainers(report: Report): Promise<void> {
  try {
    const removed = await removeContainersOfCache(enginesConfig().cacheDir)
    for (const id of removed) report.ended.push(containerText('an unregistered container', id))
  } catch (error) {
    report.problems.push(`containers: ${messageOf(error)}`)
  }
}

interface Report {
  ended: string[]
  removed: string[]
  problems: string[]
}

async function removeEntry(
  found: FoundEntry,
  { all, patient, graceMs }: { all: boolean; patient: boolean; graceMs: number },
  report: Report,
): Promise<void> {
  // A process of a living owner may still have something to close.
  const grace = !patient && found.entry?.onExit === 'kill' ? 0 : graceMs
  for (let pass = 0; pass < PASSES; pass++) {
    const processes = await processesOf(found)
    if (processes.length === 0) break
    const ended = await Promise.all(processes.map((each) => end(each, found, grace, report)))
    // The entry stays, so that the next sweep tries again.
    if (ended.includes(false)) return
  }
  if (!(await removeContainers(found, all, report))) return
  for (const path of [entryDir(found.id), entryFile(found.id)]) {
    if (!existsSync(path)) continue
    await rm(path, { recursive: true, force: true, maxRetries: 5 })
    report.removed.push(path)
  }
}

/** Returns false if the daemon does not answer. The entry then stays for the next sweep. */
async function removeContainers(
  { id, entry }: FoundEntry,
  all: boolean,
  report: Report,
): Promise<boolean> {
  if (entry?.dockerHost === undefined) return true
  const { dockerHost, containerId, text } = entry
  try {
    const removed = await removeRegisteredContainers({
      registrationId: id,
      containerId,
      dockerHost,
    })
    for (const container of removed) report.ended.push(containerText(text, container))
    return true
  } catch (error) {
    const label = `${REGISTRATION_LABEL}=${id}`
    const command = `docker ps -aq --filter label=${label} | xargs -r docker rm -fv`
    report.problems.push(
      `${text}: the Docker daemon at ${dockerHost} does not answer (${messageOf(error)}), ` +
        `so its container may still exist; start Docker, then run: ${command}`,
    )
    // A reset removes the entry anyway. The next reset finds the container by its cache label.
    return all
  }
}

const containerText = (text: string, id: string): string => `${text} (container ${id.slice(0, 12)})`

const processText = ({ id, entry }: FoundEntry, { pid }: ProcessIdentity): string =>
  `${entry?.text ?? id} (process ${pid})`

interface FoundProcess {
  readonly identity: ProcessIdentity
  readonly group: boolean
}

async function end(
  { identity, group }: FoundProcess,
  found: FoundEntry,
  graceMs: number,
  report: Report,
): Promise<boolean> {
  const text = processText(found, identity)
  const ended = await terminate(identity, { group, graceMs })
  if (ended) report.ended.push(text)
  else report.problems.push(`${text} survived SIGKILL; try: kill -9 ${identity.pid}`)
  return ended
}

async function processesOf({ id, entry }: FoundEntry): Promise<FoundProcess[]> {
  const registered = entry?.process
  const alive =
    registered !== undefined && registered.pid !== process.pid && (await isAlive(registered))
  // The owner may have been killed before it registered the process id, and a process may leave
  // children behind.
  const tagged = await taggedProcesses(id, entryDir(id))
  return [
    ...(alive ? [{ identity: registered, group: entry?.group ?? false }] : []),
    ...tagged
      .filter(({ pid }) => pid !== registered?.pid)
      .map((identity) => ({ identity, group: false })),
  ]
}
