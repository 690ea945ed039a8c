import { processCpuSeconds, processMemoryBytes } from '@threshold/lab-kit'
import type { Contestant } from './contestants.ts'
import type { Client } from './processes.ts'
import type { ClientAnswer } from './protocol.ts'

/** One contestant, once. */
export interface Sample extends ClientAnswer {
  readonly name: string
  readonly sockets: number
  readonly inFlight: number
  readonly serverCpuSeconds: number
  readonly serverMemoryBytes: number
}

export interface FanoutPlan {
  readonly sockets: number
  /** Numbers of messages on their way at once, one after the other over the same sockets. */
  readonly inFlight: readonly number[]
  /** Sent at each. */
  readonly messages: number
}

/**
 * Connects, then for each number in flight warms up and measures, then leaves: so that what another
 * contestant left in memory or caches is the same for all.
 */
export async function measure(
  client: Client,
  contestant: Contestant,
  window: FanoutPlan,
): Promise<Sample[]> {
  const { sockets, messages } = window
  await connect(client, contestant, sockets)
  const samples: Sample[] = []
  for (const inFlight of window.inFlight)
    samples.push(await measureRound(client, contestant, { sockets, messages, inFlight }))
  await client.leave()
  return samples
}

export async function connect(
  client: Client,
  { dialect, port, tokens }: Contestant,
  sockets: number,
): Promise<void> {
  await client.connect({ dialect, port, sockets, tokens: [...tokens] })
}

/**
 * Over the sockets that the client has: a quarter as many messages that do not count, then those
 * that do.
 */
export async function measureRound(
  client: Client,
  { url, token, name, pid }: Contestant,
  { sockets, messages, inFlight }: { sockets: number; messages: number; inFlight: number },
): Promise<Sample> {
  const send = (count: number) => client.send({ url, token, messages: count, inFlight })
  await send(Math.max(inFlight, Math.ceil(messages / 4)))
  const before = (await processCpuSeconds(pid)) ?? Number.NaN
  const answer = await send(messages)
  const serverCpuSeconds = ((await processCpuSeconds(pid)) ?? Number.NaN) - before
  const serverMemoryBytes = (await processMemoryBytes(pid)) ?? Number.NaN
  return { ...answer, name, sockets, inFlight, serverCpuSeconds, serverMemoryBytes }
}

/**
 * Of several rounds the middle one counts: a neighbour's minute on the same machine spoils one
 * round, not the result.
 */
export function median<T>(samples: readonly T[], of: (sample: T) => number): number {
  const sorted = samples.map(of).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const cpuMicros = (s: Sample): number => (s.serverCpuSeconds / s.deliveries) * 1e6
