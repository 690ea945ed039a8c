import { createWriteStream } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import {
  type AttemptLog,
  createAttemptLog,
  isAcknowledged,
  recordDelivery,
  sampleLines,
} from './attempt-log.ts'
import { createLatency, latencyOf, percentileMs, recordMs } from './latency.ts'
import type { GeneratorEvent, Plan } from './plan.ts'
import { seeded } from './random.ts'
import { type Arrival, schedule } from './schedule.ts'
import { createSender, type Sender } from './senders.ts'
import { GatewaySession } from './session.ts'
import { summarise } from './summary.ts'

export interface Generator {
  /** Opens all sockets; resolves when every one has seen its guild. */
  prepare(): Promise<void>
  /** Warm-up, load, drain, sums. */
  run(): Promise<void>
}

/** Sockets that identify at the same time: a stage's start is not what most labs measure. */
const OPENING_AT_ONCE = 12
/** Deliveries still under way get this long after the last answer before they count as lost. */
const DRAIN_MS = 1_500
/** How long sockets that were dropped are waited for: how soon all are back is a figure. */
const RETURN_WITHIN_MS = 60_000
/**
 * Beyond so many unanswered the generator sends no more: its memory is bounded, and what it left
 * out is told as unsent.
 */
const IN_FLIGHT = 20_000

export function createGenerator(plan: Plan, tell: (message: GeneratorEvent) => void): Generator {
  const { load, guilds } = plan
  const arrivals = schedule(load)
  const places = guilds.flatMap((guild, index) =>
    guild.members.map((member) => ({ guild: index, guildId: guild.id, member })),
  )
  const ledger = createAttemptLog(arrivals, places)
  const sender = createSender(plan.baseUrl, guilds)
  const random = seeded(load.seed + 1)
  let origin = performance.now()
  const now = (): number => performance.now() - origin

  const sessions = places.map(({ guildId, member }, index) => {
    const record = ledger.sessions[index]!
    return new GatewaySession({
      gatewayUrl: plan.baseUrl.replace(/^http/, 'ws'),
      token: member.token,
      guildId,
      reconnect: load.reconnect,
      random,
      onMessage: (nonce) => {
        const n = attemptOf(nonce, plan.marker)
        if (n !== undefined) recordDelivery(ledger, n, index, now())
      },
      onDrop: () => record.dropsMs.push(now()),
      onReturn: () => record.returnsMs.push(now()),
    })
  })

  return {
    async prepare() {
      let done = 0
      const waiting = sessions.values()
      const openSome = async (): Promise<void> => {
        for (const session of waiting) {
          await session.open()
          done++
          if (done % 50 === 0 || done === sessions.length)
            tell({ type: 'opened', done, total: sessions.length })
        }
      }
      await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openSome))
    },

    async run() {
      const warmupMs = load.warmupSeconds * 1_000
      const totalMs = warmupMs + load.seconds * 1_000
      origin = performance.now()
      const cpu = process.cpuUsage()
      let measured = cpu
      const ticks = narrate(tell, load.seconds, warmupMs, () => (measured = process.cpuUsage()))
      await sendAll(arrivals, ledger, sender, plan, now)
      await waitUntil(now, totalMs)
      const { user, system } = process.cpuUsage(measured)
      ticks.stop()
      await drain(ledger, now, totalMs + load.patienceSeconds * 1_000 + DRAIN_MS)
      if (load.reconnect) await untilAllBack(ledger, now, now() + RETURN_WITHIN_MS)
      for (const session of sessions) session.close()
      await sender[Symbol.asyncDispose]()

      const lag = createLatency()
      for (const { arrival, sentMs } of ledger.attempts)
        if (arrival.dueMs >= warmupMs) recordMs(lag, sentMs - arrival.dueMs)
      const behind = latencyOf(lag)
      const report = summarise(ledger, load, guilds, {
        cores: (user + system) / 1_000_000 / load.seconds,
        memoryBytes: process.memoryUsage.rss(),
        lagP99Ms: behind.count === 0 ? 0 : percentileMs(behind, 99),
        lagMaxMs: behind.count === 0 ? 0 : percentileMs(behind, 100),
      })
      const lines = Readable.from(sampleLines(ledger)).map((line: string) => `${line}\n`)
      await pipeline(lines, createGzip(), createWriteStream(plan.samplesFile))
      tell({ type: 'result', report })
    },
  }
}

const nonceOf = (marker: string, n: number): string => `${marker}.${n.toString(36)}`

function attemptOf(nonce: string, marker: string): number | undefined {
  return nonce.startsWith(`${marker}.`)
    ? Number.parseInt(nonce.slice(marker.length + 1), 36)
    : undefined
}

/**
 * Each at its moment, whatever became of those before it. What is overdue goes at once: the
 * schedule is never stretched.
 */
async function sendAll(
  arrivals: readonly Arrival[],
  ledger: AttemptLog,
  sender: Sender,
  plan: Plan,
  now: () => number,
): Promise<void> {
  let inFlight = 0
  for (const [n, arrival] of arrivals.entries()) {
    await waitUntil(now, arrival.dueMs)
    if (inFlight >= IN_FLIGHT) continue
    const attempt = ledger.attempts[n]!
    attempt.sentMs = now()
    attempt.outcome = 'no answer'
    inFlight++
    const patienceMs = arrival.dueMs + plan.load.patienceSeconds * 1_000 - attempt.sentMs
    void sender.attempt(arrival, nonceOf(plan.marker, n), Math.ceil(patienceMs)).then((outcome) => {
      attempt.outcome = outcome
      attempt.answeredMs = now()
      inFlight--
    })
  }
}

async function waitUntil(now: () => number, ms: number): Promise<void> {
  for (let left = ms - now(); left > 0; left = ms - now())
    await delay(Math.max(1, Math.floor(left)))
}

/**
 * Until everything sent was answered, and everything answered was delivered everywhere; at the
 * latest at `latestMs`.
 */
async function drain(ledger: AttemptLog, now: () => number, latestMs: number): Promise<void> {
  const audience = new Map<number, number>()
  for (const { guild } of ledger.sessions) audience.set(guild, (audience.get(guild) ?? 0) + 1)
  const owed = (): number =>
    ledger.attempts.reduce(
      (sum, attempt) =>
        sum +
        (attempt.arrival.kind === 'send' && isAcknowledged(attempt)
          ? audience.get(attempt.arrival.guild)!
          : 0),
      0,
    )
  const answered = (): boolean => ledger.attempts.every(({ outcome }) => outcome !== 'no answer')
  while (!answered() && now() < latestMs) await delay(20)
  const until = Math.min(latestMs, now() + DRAIN_MS)
  while (ledger.deliveries.attempt.length < owed() && now() < until) await delay(20)
  // A duplicated delivery comes after the last one that was owed.
  await delay(100)
}

async function untilAllBack(
  { sessions }: AttemptLog,
  now: () => number,
  latestMs: number,
): Promise<void> {
  const away = (): boolean =>
    sessions.some(({ dropsMs, returnsMs }) => dropsMs.length > returnsMs.length)
  while (away() && now() < latestMs) await delay(20)
}

function narrate(
  tell: (message: GeneratorEvent) => void,
  seconds: number,
  warmupMs: number,
  onMeasuring: () => void,
): { stop(): void } {
  let done = 0
  let interval: NodeJS.Timeout | undefined
  const start = setTimeout(() => {
    onMeasuring()
    tell({ type: 'measuring' })
    interval = setInterval(
      () => tell({ type: 'second', done: Math.min(++done, seconds), total: seconds }),
      1_000,
    )
  }, warmupMs)
  return {
    stop() {
      clearTimeout(start)
      clearInterval(interval)
    },
  }
}
