import { readFile } from 'node:fs/promises'

/** A time in which all threads of the JVM stood still. */
export interface Pause {
  /** Milliseconds since the Unix epoch, with a fraction. */
  readonly start: number
  readonly end: number
  /** Why, in the JVM's own words, such as `G1CollectForAllocation`. */
  readonly reason: string
}

/*
 * [2026-11-25T13:45:46.123+0000][info][safepoint] Safepoint "G1CollectForAllocation", Time since
 * last: 1 ns, Reaching safepoint: 2 ns, Cleanup: 3 ns, At safepoint: 4 ns, Total: 5 ns
 */
const SAFEPOINT = /^\[([^\]]+)\]\[\w+\s*\]\[safepoint\s*\] Safepoint "([^"]+)".*Total:\s+(\d+) ns/

/**
 * Stop-the-world pauses in the order they happened. The line is written when the pause is over: its
 * start is counted back.
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

/**
 * Whether a span of time met a pause at all: what splits reads into those inside one and those
 * outside.
 */
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
