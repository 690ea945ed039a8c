import { childProcesses } from '@threshold/engines'
import { processMemoryBytes } from './cpu.ts'

const SAMPLE_MS = 1_000

/** Samples the memory of this process and of all that it started, until it is disposed of. */
export interface MemorySampler extends Disposable {
  /** The largest sum so far, in bytes. Null if the system does not report it. */
  peak(): number | null
}

export function sampleMemory(): MemorySampler {
  let peak: number | null = null
  const sample = async (): Promise<void> => {
    const pids = [process.pid, ...(await childProcesses())]
    const each = await Promise.all(pids.map(processMemoryBytes))
    // A process that ended meanwhile holds no memory.
    const known = each.filter((bytes) => bytes !== undefined)
    if (known.length > 0)
      peak = Math.max(
        peak ?? 0,
        known.reduce((sum, bytes) => sum + bytes, 0),
      )
  }
  const timer = setInterval(() => void sample().catch(() => {}), SAMPLE_MS).unref()
  return { peak: () => peak, [Symbol.dispose]: () => clearInterval(timer) }
}
