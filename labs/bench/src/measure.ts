import { processCpuSeconds, processMemoryBytes } from '@threshold/lab-kit'
import type { Client } from './children.ts'
import type { Contestant } from './contestants.ts'
import type { ClientAnswer } from './protocol.ts'

/** One contestant, once. */
export interface Sample extends ClientAnswer {
  readonly name: string
  readonly sockets: number
  readonly inFlight: number
  readonly serverCpuSeconds: number
  readonly serverMemoryBytes: number
}

export interface Window {
  readonly sockets: number
  /** Numbers of messages on their way at once, one after the other over the same sockets. */
  readonly inFlight: readonly number[]
  /** Sent at each. */
  readonly messages: number
}

/**
 * Connects, then for each number in flight warms up and measures, then leaves: so that what another contestant left in memory
 * or caches is the same for all.
 */
export async function measure(client: Client, contestant: Contestant, window: Window): Promise<Sample[]> {
  const { dialect, port, tokens, url, token, name, pid } = contestant
  const { sockets, messages } = window
  await client.connect({ dialect, port, sockets, tokens: [...tokens] })
  const samples: Sample[] = []
  for (const inFlight of window.inFlight) {
    const send = (count: number) => client.send({ url, token, messages: count, inFlight })
    await send(Math.max(inFlight, Math.ceil(messages / 4)))
    const before = (await processCpuSeconds(pid)) ?? Number.NaN
    const answer = await send(messages)
    const serverCpuSeconds = ((await processCpuSeconds(pid)) ?? Number.NaN) - before
    const serverMemoryBytes = (await processMemoryBytes(pid)) ?? Number.NaN
    samples.push({ ...answer, name, sockets, inFlight, serverCpuSeconds, serverMemoryBytes })
  }
  await client.leave()
  return samples
}

/** Of several rounds the middle one counts: a neighbour's minute on the same machine spoils one round, not the result. */
export function median<T>(samples: readonly T[], of: (sample: T) => number): number {
  const sorted = samples.map(of).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const cpuMicros = (s: Sample): number => (s.serverCpuSeconds / s.deliveries) * 1e6
