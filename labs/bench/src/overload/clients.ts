import { setTimeout as delay } from 'node:timers/promises'
import { createLatency, recordMs } from '@threshold/lab-kit'

/** The requests of concurrent clients in one window. */
export interface OverloadSample {
  readonly name: string
  readonly kind: 'send' | 'read'
  readonly clients: number
  readonly seconds: number
  /** Requests answered with 200 within the window. */
  readonly done: number
  readonly shed: number
  /** Requests with another status within the window, and all that got no answer. */
  readonly others: number
  /** Latency in milliseconds of the requests answered with 200. */
  readonly p50: number
  readonly p99: number
  /** The longest time without a 200, in milliseconds. */
  readonly gapMs: number
}

export interface Endpoint {
  readonly name: string
  /** Messages are sent to and read from this address. */
  readonly url: string
  readonly token: string
}

const TIMEOUT_MS = 30_000

/**
 * Runs closed-loop clients: each sends the next request after an answer, and waits as Retry-After
 * says after a 503. Answers in the warm-up do not count.
 */
export async function measureOverload(
  target: Endpoint,
  kind: OverloadSample['kind'],
  clients: number,
  { warmUpMs, ms }: { readonly warmUpMs: number; readonly ms: number },
): Promise<OverloadSample> {
  const from = performance.now() + warmUpMs
  const until = from + ms
  const latency = createLatency()
  const count = { done: 0, shed: 0, others: 0 }
  let [last, gapMs] = [from, 0]

  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now()
      const { status, retryAfterMs } = await request(target, kind)
      const now = performance.now()
      // The timeout of a request may be longer than the window.
      if (status === 0) count.others += 1
      else if (now >= from && now < until) {
        if (status === 200) {
          count.done += 1
          recordMs(latency, now - began)
          gapMs = Math.max(gapMs, now - last)
          last = now
        } else if (status === 503) count.shed += 1
        else count.others += 1
      }
      if (status !== 200) await delay(retryAfterMs)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  gapMs = Math.max(gapMs, until - last)
  const [p50, p99] = [50, 99].map(
    (percentile) => latency.getValueAtPercentile(percentile) / 1_000,
  ) as [number, number]
  return { name: target.name, kind, clients, seconds: ms / 1_000, ...count, p50, p99, gapMs }
}

async function request(
  { url, token }: Endpoint,
  kind: OverloadSample['kind'],
): Promise<{ status: number; retryAfterMs: number }> {
  const headers = { authorization: `Bot ${token}`, 'content-type': 'application/json' }
  const sending = kind === 'send' ? { method: 'POST', body: '{"content":"overload"}' } : {}
  try {
    const answer = await fetch(kind === 'send' ? url : `${url}?limit=10`, {
      ...sending,
      headers,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await answer.arrayBuffer()
    return {
      status: answer.status,
      retryAfterMs: 1_000 * Number(answer.headers.get('retry-after') ?? 1),
    }
  } catch {
    return { status: 0, retryAfterMs: 1_000 }
  }
}
