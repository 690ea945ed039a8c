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
   * How much time is reserved at once. It is also the most by which ids are ahead of the clock
   * after `kill -9`.
   */
  readonly windowMs?: number
  /**
   * How far ids may be ahead of the clock. A machine that takes local time for UTC is off by up to
   * 14 hours.
   */
  readonly aheadMs?: number
  /** How far ids may be behind the clock while no time can be reserved. */
  readonly behindMs?: number
  /** The pause after a failed reservation. */
  readonly retryMs?: number
}

/**
 * Makes the ids and write times of one process. They never repeat and never decrease, not even when
 * the clock is set back or the process restarts.
 */
export interface StageTime extends AsyncDisposable {
  /** Throws `CLOCK_BEHIND` or `UNAVAILABLE`, both with `retryAfterMs`. */
  newId(): Snowflake
  readonly hybrid: HybridClock
  readonly readiness: ReadinessCheck
}

const RESERVE_TIMEOUT_MS = 5_000
const RELEASE_TIMEOUT_MS = 1_000
const MAX_RETRY_AFTER_MS = 60_000
/** NTP corrections are smaller than this. */
const WARN_AHEAD_MS = 1_000

/**
 * Makes ids only in time that the store has reserved for this process. Each reservation reaches
 * some seconds ahead, so it costs one small write in two seconds and none for a message.
 *
 * When the clock is set back, ids go on from the last one. A process that starts with its clock
 * behind the time that its worker number has reserved, because the clock was set back or ran ahead
 * before, starts its ids at the end of that time.
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
  /** The end of the reserved time. */
  let until = 0
  /** The latest millisecond that an id or a write time was made in. */
  let latest = 0
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let renewing = false
  let warned = false

  const wall = (): number => Math.floor(clock.now())
  /** The clock that ids are made by: it never goes back and never leaves the reserved time. */
  const now = (): number => {
    latest = Math.max(latest, Math.min(wall(), until - 1))
    return latest
  }
  const halfIsLeft = (): boolean => until - Math.max(wall(), latest) > windowMs / 2

  async function reserve(): Promise<void> {
    const request = { owner, at: Math.max(wall(), latest), ms: windowMs }
    const deadline = deadlineAfter(RESERVE_TIMEOUT_MS, clock)
    const reservation = await reservations.reserve(worker, request, deadline)
    latest = Math.max(latest, reservation.from)
    until = reservation.until
  }

  /** Reserves more once half of the time is used, and schedules the next check. */
  async function renew(): Promise<void> {
    if (renewing || closed) return
    renewing = true
    clearTimeout(timer)
    let nextMs = windowMs / 4
    try {
      if (!halfIsLeft()) await reserve()
    } catch (error) {
      log.warn({ err: messageOf(error) }, 'could not reserve time for ids; trying again')
      nextMs = retryMs
    }
    renewing = false
    if (!closed) timer = setTimeout(renew, nextMs)
  }

  /** Why no id may be made now. Undefined: ids are close enough to the clock. */
  function refusal(): CodedError | undefined {
    const ahead = latest - wall()
    if (ahead > WARN_AHEAD_MS && !warned) {
      log.warn(
        { seconds: Math.ceil(ahead / 1_000) },
        'the clock is behind the ids that were made before; new ids go on from those',
      )
    }
    warned = ahead > WARN_AHEAD_MS
    if (ahead > aheadMs) return clockBehind(ahead - aheadMs, ahead, worker)
    if (-ahead > behindMs) return unavailable('time reserved for ids', undefined, retryMs)
    return undefined
  }

  const nextId = snowflakeGenerator({ worker, now, until: () => until })
  const hybrid = hybridClock({ now })

  await reserve()
  hybrid.observe(BigInt(latest) * 1_000n)
  refusal() // logs at the start that the clock is behind
  timer = setTimeout(renew, windowMs / 4)
  registerGauge(telemetry, () => Math.max(0, latest - wall()))

  return {
    newId() {
      if (closed) throw unavailable('the id generator')
      // The timer would fire too late after a forward jump of the clock.
      if (wall() >= until) void renew()
      now()
      const refused = refusal()
      if (refused) throw refused
      try {
        const id = nextId()
        latest = Math.max(latest, timeOf(id))
        return id
      } catch (error) {
        if (error instanceof IdsExhausted)
          throw unavailable('time reserved for ids', error, retryMs)
        throw error
      }
    },
    hybrid: {
      observe: hybrid.observe,
      next() {
        const micros = hybrid.next()
        // A value beyond the reservation follows an observed time, from a process whose clock is
        // ahead. It must not move the ids of this process.
        const ms = Number(micros / 1_000n)
        if (ms < until) latest = Math.max(latest, ms)
        return micros
      },
    },
    readiness: {
      name: 'clock',
      reason() {
        now()
        const refused = refusal()
        return refused && [refused.message, refused.next].filter(Boolean).join('; ')
      },
    },
    async [Symbol.asyncDispose]() {
      closed = true
      clearTimeout(timer)
      // A failure only makes the next process start its ids a few seconds ahead of its clock.
      await reservations
        .release(worker, owner, latest + 1, deadlineAfter(RELEASE_TIMEOUT_MS, clock))
        .catch((error: unknown) => {
          log.warn(
            { err: messageOf(error) },
            'could not release reserved time; the next start skips it',
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

function registerGauge({ registry }: Pick<Telemetry, 'registry'>, aheadMs: () => number): void {
  const gauge: Gauge = new Gauge({
    name: 'threshold_clock_behind_seconds',
    help: 'How far the clock is behind the last id, because it was set back or ran ahead before; else 0.',
    registers: [registry],
    collect: () => gauge.set(aheadMs() / 1_000),
  })
}
