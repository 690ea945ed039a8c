import { processCpuSeconds, processMemoryBytes } from '@threshold/lab-kit'
import type { Contestant } from './contestants.ts'
import type { Client } from './processes.ts'
import type { ClientAnswer } from './protocol.ts'

/** One contestant in one round. */
export interface Sample extends ClientAnswer {
  readonly name: string
  readonly sockets: number
  readonly inFlight: number
  readonly serverCpuSeconds: number
  readonly serverMemoryBytes: number
}

export interface FanoutPlan {
  readonly sockets: number
  /** Numbers of messages in flight, measured one after the other over the same sockets. */
  readonly inFlight: readonly number[]
  /** Messages sent for each of these numbers. */
  readonly messages: number
}

/** Connects the sockets, measures each number in flight after a warm-up, and disconnects. */
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
  { dialect, socketUrl, tokens }: Contestant,
  sockets: number,
): Promise<void> {
  await client.connect({ dialect, socketUrl, sockets, tokens: [...tokens] })
}

/**
 * Measures one round over the client's open sockets, after a warm-up with a quarter as many
 * messages.
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

/** The median of the rounds. Other work on the machine may spoil one round, but not the median. */
export function median<T>(samples: readonly T[], read: (sample: T) => number): number {
  const sorted = samples.map(read).sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export const cpuMicros = (s: Sample): number => (s.serverCpuSeconds / s.deliveries) * 1e6
