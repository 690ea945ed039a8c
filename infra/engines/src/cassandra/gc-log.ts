import { readFile } from 'node:fs/promises'

/** A period in which all threads of the JVM stood still. */
export interface Pause {
  /** Milliseconds since the Unix epoch, with a fraction. */
  readonly start: number
  readonly end: number
  /** The JVM's name for the operation, such as `G1CollectForAllocation`. */
  readonly reason: string
}

/*
 * [2026-11-25T13:45:46.123+0000][info][safepoint] Safepoint "G1CollectForAllocation", Time since
 * last: 1 ns, Reaching safepoint: 2 ns, Cleanup: 3 ns, At safepoint: 4 ns, Total: 5 ns
 */
const SAFEPOINT = /^\[([^\]]+)\]\[\w+\s*\]\[safepoint\s*\] Safepoint "([^"]+)".*Total:\s+(\d+) ns/

/**
 * Stop-the-world pauses in the order of the log. The JVM writes a line when a pause ends, so the
 * start is the time of the line minus the duration.
 */
export function parsePauses(log: string): Pause[] {
  return log.split('\n').flatMap((line) => {
    const [, time, reason, nanos] = SAFEPOINT.exec(line) ?? []
    if (time === undefined || reason === undefined) return []
    const end = Date.parse(time.replace(/\+0000$/, 'Z'))
    return Number.isNaN(end) ? [] : [{ start: end - Number(nanos) / 1e6, end, reason }]
  })
}

export const readPauses = async (file: string): Promise<Pause[]> =>
  parsePauses(await readFile(file, 'utf8').catch(() => ''))

/** Whether a period overlaps a pause. Pauses must be sorted and must not overlap. */
export function overlapsPause(pauses: readonly Pause[], start: number, end: number): boolean {
  let low = 0
  let high = pauses.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (pauses[middle]!.end < start) low = middle + 1
    else high = middle
  }
  return low < pauses.length && pauses[low]!.start <= end
}
