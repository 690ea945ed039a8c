import { descendantsOf, listProcesses, type ProcessEntry, programName } from '@threshold/engines'
import { z } from 'zod'

/** A program that other people or the learner run beside the lab. */
export const busyProgramSchema = z.object({
  name: z.string(),
  /** Its part of the CPU time of all cores, 0 to 1. Processes of one name count together. */
  share: z.number(),
})
export type BusyProgram = z.infer<typeof busyProgramSchema>

export interface ProcessSnapshot {
  readonly atMs: number
  readonly processes: readonly ProcessEntry[]
}

/** The list is empty if the system does not give it. A lab runs without it too. */
export const snapshotProcesses = async (): Promise<ProcessSnapshot> => ({
  atMs: performance.now(),
  processes: await listProcesses().catch(() => []),
})

const MAX_PROGRAMS = 3
/** A program below this share is no reason for a lab not to run. */
const MIN_SHARE = 0.05

/**
 * The busiest other programs between two snapshots, busiest first. This process is left out, and so
 * is everything that it started, unless `ours` is false.
 */
export async function busiestPrograms(
  before: ProcessSnapshot,
  after: ProcessSnapshot,
  cores: number,
  { skipChildren = true }: { readonly skipChildren?: boolean } = {},
): Promise<BusyProgram[]> {
  const skipped = skipChildren ? descendantsOf(after.processes, process.pid) : new Set<number>()
  skipped.add(process.pid)
  const usage = cpuUsage(before, after).filter(({ entry }) => !skipped.has(entry.pid))
  const named = await Promise.all(
    usage.map(async ({ entry, seconds }) => ({ name: await programName(entry), seconds })),
  )
  const available = ((after.atMs - before.atMs) / 1_000) * cores
  return [...Map.groupBy(named, ({ name }) => name)]
    .map(([name, group]) => ({
      name,
      share: Math.min(1, group.reduce((sum, { seconds }) => sum + seconds, 0) / available),
    }))
    .filter(({ share }) => share >= MIN_SHARE)
    .sort((a, b) => b.share - a.share)
    .slice(0, MAX_PROGRAMS)
}

/** CPU seconds of each process that used some. A process that started since used all of its own. */
function cpuUsage(
  before: ProcessSnapshot,
  after: ProcessSnapshot,
): { entry: ProcessEntry; seconds: number }[] {
  const earlier = new Map(before.processes.map((entry) => [entry.pid, entry]))
  return after.processes.flatMap((entry) => {
    const start = earlier.get(entry.pid)
    // The system gave the id of an ended process to this one.
    const reused = start !== undefined && start.cpuSeconds > entry.cpuSeconds
    const seconds = entry.cpuSeconds - (start === undefined || reused ? 0 : start.cpuSeconds)
    return seconds > 0 ? [{ entry, seconds }] : []
  })
}

/** `node 48%, cc1plus 31%`. */
export const describeBusiest = (programs: readonly BusyProgram[]): string =>
  programs.map(({ name, share }) => `${name} ${Math.round(share * 100)}%`).join(', ')
