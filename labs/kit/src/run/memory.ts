import { descendantsOf, listProcesses } from '@threshold/engines'
import { processMemoryBytes } from './cpu.ts'

const SAMPLE_MS = 1_000

/** Samples the memory of this process and of all that it started, until it is disposed of. */
export interface MemorySampler extends Disposable {
  /** The largest sum so far, in bytes. Null if the system does not report it. */
  peak(): number | null
}

/**
 * Takes a sample now and then every second. An engine may be the child of a wrapper, so the whole
 * tree of processes counts. Containers are not in it.
 */
export function sampleMemory(): MemorySampler {
  let peak: number | null = null
  let sampling = false
  const sample = async (): Promise<void> => {
    // A sample may take longer than a second on a busy machine.
    if (sampling) return
    sampling = true
    try {
      const bytes = await treeMemoryBytes()
      if (bytes !== undefined) peak = Math.max(peak ?? 0, bytes)
    } finally {
      sampling = false
    }
  }
  const start = (): void => void sample().catch(() => {}) // a later sample may succeed
  const timer = setInterval(start, SAMPLE_MS).unref()
  start()
  return { peak: () => peak, [Symbol.dispose]: () => clearInterval(timer) }
}

/** Undefined if the system does not report it. Pages that processes share are counted in each. */
async function treeMemoryBytes(): Promise<number | undefined> {
  const processes = await listProcesses()
  const counted = descendantsOf(processes, process.pid).add(process.pid)
  const each = await Promise.all(
    processes
      .filter(({ pid }) => counted.has(pid))
      .map(({ pid, memoryBytes }) => memoryBytes ?? processMemoryBytes(pid)),
  )
  // A process that ended meanwhile holds no memory.
  const known = each.filter((bytes) => bytes !== undefined)
  return known.length === 0 ? undefined : known.reduce((sum, bytes) => sum + bytes, 0)
}
