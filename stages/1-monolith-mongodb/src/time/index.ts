import { randomUUID } from 'node:crypto'
import { IdsExhausted, type Snowflake, snowflakeGenerator, timeOf } from '@threshold/contract'
import {
  CodedError,
  deadlineAfter,
  type HybridClock,
  hybridClock,
  messageOf,
  type ReadinessCheck,
  type Runtime,
  type Telemetry,
  unavailable,
} from '@threshold/kit'
import type { TimeReservations } from '@threshold/ports'
import { Gauge } from 'prom-client'

export interface TimeOptions {
  /**
   * How much time is reserved at once. After `kill -9` ids begin so far ahead of the clock at the
   * most.
   */
  readonly windowMs?: number
  /**
   * How far ids may run ahead of the clock. A machine that takes local time for UTC is off by up to
   * 14 hours.
   */
  readonly aheadMs?: number
  /** How far they may fall behind it, while no more time can be reserved. */
  readonly behindMs?: number
  /** How soon a reservation that failed is tried again. */
  readonly retryMs?: number
}

/**
 * The ids and write times of one process: none of them repeats, and none goes down, also across
 * restarts.
 */
export interface StageTime extends AsyncDisposable {
  /** Throws `CLOCK_BEHIND` or `UNAVAILABLE`, both with the time after which to try again. */
  newId(): Snowflake
  readonly hybrid: HybridClock
  readonly readiness: ReadinessCheck
}

const RESERVE_WITHIN_MS = 5_000
const RELEASE_WITHIN_MS = 1_000
const MAX_RETRY_AFTER_MS = 60_000
/** NTP moves a clock by less than this without anybody's noticing. */
const WORTH_A_WARNING_MS = 1_000

/**
 * Ids lie in time that the metadata store has reserved for this process before, some seconds ahead:
 * one small write in two seconds, and none for a message. A clock that is set back changes nothing:
 * ids go on from the last one. A process that starts with its clock behind what its worker number
 * has reserved, because it was set back or was ahead before, begins there.
 */
export async function reserveTime(
  reservations: TimeReservations,
  worker: number,
  runtime: Pick<Runtime, 'clock' | 'log'> & { readonly telemetry: Pick<Telemetry, 'registry'> },
  options: TimeOptions = {},
): Promise<StageTime> {
  const { windowMs = 4_000, aheadMs = 24 * 3_600_000, behindMs = 60_000, retryMs = 250 } = options
  const { clock, log, telemetry } = runtime
  const owner = randomUUID()
  let until = 0
  /** The last millisecond in which an id or a write time was made. */
  let high = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let renewing = false
  let warned = false

  const wall = (): number => Math.floor(clock.now())
  const read = (): number => {
    high = Math.max(high, Math.min(wall(), until - 1))
    return high
  }
  const hasRoom = (): boolean => until - Math.max(wall(), high) > windowMs / 2

  async function reserve(): Promise<void> {
    const wish = { owner, at: Math.max(wall(), high), ms: windowMs }
    const held = await reservations.reserve(worker, wish, deadlineAfter(RESERVE_WITHIN_MS, clock))
    high = Math.max(high, held.from)
    until = held.until
  }
  /**
   * The next look comes by itself: soon after a failure, otherwise when about half of the time is
   * used.
   */
  async function renew(): Promise<void> {
    if (renewing || closed) return
    renewing = true
    clearTimeout(timer)
    let nextMs = windowMs / 4
    try {
      if (!hasRoom()) await reserve()
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'no time could be reserved for ids; it is tried again')
      nextMs = retryMs
    }
    renewing = false
    if (!closed) timer = setTimeout(renew, nextMs)
  }

  function refusal(): CodedError | undefined {
    const ahead = high - wall()
    if (ahead > WORTH_A_WARNING_MS && !warned) {
      log.warn(
        { seconds: Math.ceil(ahead / 1_000) },
        'the clock is behind the ids that were made before; ids go on from those',
      )
    }
    warned = ahead > WORTH_A_WARNING_MS
    if (ahead > aheadMs) return clockBehind(ahead - aheadMs, ahead, worker)
    if (-ahead > behindMs) return unavailable('time reserved for ids', undefined, retryMs)
    return undefined
  }

  const make = snowflakeGenerator({ worker, now: read, until: () => until })
  const inner = hybridClock({ now: read })

  await reserve()
  inner.observe(BigInt(high) * 1_000n)
  refusal() // says so at the start where the clock is behind
  timer = setTimeout(renew, windowMs / 4)
  measure(telemetry, () => Math.max(0, high - wall()))

  return {
    newId() {
      if (closed) throw unavailable('the maker of ids')
      // After a jump of the clock the timer would come too late.
      if (wall() >= until) void renew()
      read()
      const refused = refusal()
      if (refused) throw refused
      try {
        const id = make()
        high = Math.max(high, timeOf(id))
        return id
      } catch (error) {
        if (error instanceof IdsExhausted)
          throw unavailable('time reserved for ids', error, retryMs)
        throw error
      }
    },
    hybrid: {
      observe: inner.observe,
      next() {
        const micros = inner.next()
        // An observed time may come from a clock that is ahead, and must not use up this process's
        // reserved time.
        const ms = Number(micros / 1_000n)
        if (ms < until) high = Math.max(high, ms)
        return micros
      },
    },
    readiness: {
      name: 'clock',
      reason() {
        read()
        const refused = refusal()
        return refused && [refused.message, refused.next].filter(Boolean).join('; ')
      },
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      // Not essential, so not worth a wait: what is not given back is skipped at the next start.
      await reservations
        .release(worker, owner, high + 1, deadlineAfter(RELEASE_WITHIN_MS, clock))
        .catch((error: unknown) => {
          log.warn(
            { err: messageOf(error) },
            'reserved time was not given back; the next start skips it',
          )
        })
    },
  }
}

const clockBehind = (excessMs: number, aheadMs: number, worker: number): CodedError =>
  new CodedError(
    'CLOCK_BEHIND',
    `the clock is ${Math.ceil(aheadMs / 1_000)} s behind the last id of worker ${worker}; no id is made for another ${Math.ceil(excessMs / 1_000)} s`,
    {
      retryAfterMs: Math.min(excessMs, MAX_RETRY_AFTER_MS),
      next: 'set the clock right, or start with a THRESHOLD_WORKER that was never used',
    },
  )

function measure({ registry }: Pick<Telemetry, 'registry'>, aheadMs: () => number): void {
  const gauge: Gauge = new Gauge({
    name: 'threshold_clock_behind_seconds',
    help: 'How far the clock is behind the last id: it was set back, or was ahead before. 0 when it is right.',
    registers: [registry],
    collect: () => gauge.set(aheadMs() / 1_000),
  })
}
