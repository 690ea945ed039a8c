import { createWriteStream } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { createGzip } from 'node:zlib'
import { askGateway } from '@threshold/engines/gateway'
import pLimit from 'p-limit'
import {
  type AttemptLog,
  createAttemptLog,
  isAcknowledged,
  recordDelivery,
  sampleLines,
} from './attempt-log.ts'
import { gatewayAddresses } from './gateway-addresses.ts'
import { createLatency, latencyOf, percentileMs, recordMs } from './latency.ts'
import type { GeneratorEvent, Plan } from './plan.ts'
import { seeded } from './random.ts'
import { type PlannedAttempt, schedule } from './schedule.ts'
import { createSender, type Sender } from './sender.ts'
import { GatewaySession } from './session.ts'
import { summarise } from './summary.ts'

export interface Generator {
  /** Connects all sockets. Resolves once each has received its guild. */
  prepare(): Promise<void>
  /** Runs the warm-up, the load and the drain, and then emits the result. */
  run(): Promise<void>
}

/** Sockets that identify at the same time. Most labs do not measure how a stage starts up. */
const CONNECT_CONCURRENCY = 12
/** Time after the last answer in which deliveries may still arrive before they count as lost. */
const DRAIN_MS = 1_500
/** How long to wait for dropped sockets to reconnect. Labs measure that time. */
const RECONNECT_TIMEOUT_MS = 60_000
/** Requests in flight at which the generator stops sending, to bound its memory. */
const MAX_IN_FLIGHT = 20_000

export function createGenerator(plan: Plan, emit: (event: GeneratorEvent) => void): Generator {
  const { load, guilds } = plan
  const plannedAttempts = schedule(load)
  const participants = guilds.flatMap((guild, index) =>
    guild.members.map((member) => ({ guild: index, guildId: guild.id, member })),
  )
  const log = createAttemptLog(plannedAttempts, participants)
  const sender = createSender(plan.baseUrl, guilds)
  const gateways = gatewayAddresses(
    () => askGateway(plan.baseUrl),
    () => performance.now(),
  )
  const random = seeded(load.seed + 1)
  let origin = performance.now()
  const now = (): number => performance.now() - origin

  const sessions = participants.map(({ guildId, member }, index) => {
    const record = log.sessions[index]!
    return new GatewaySession({
      gateways,
      token: member.token,
      guildId,
      reconnect: load.reconnect,
      random,
      onMessage: (nonce) => {
        const n = attemptOf(nonce, plan.marker)
        if (n !== undefined) recordDelivery(log, n, index, now())
      },
      onDrop: () => record.dropsMs.push(now()),
      onReturn: () => record.returnsMs.push(now()),
    })
  })

  return {
    async prepare() {
      let done = 0
      await pLimit(CONNECT_CONCURRENCY).map(sessions, async (session) => {
        await session.open()
        done++
        if (done % 50 === 0 || done === sessions.length)
          emit({ type: 'opened', done, total: sessions.length })
      })
    },

    async run() {
      const warmupMs = load.warmupSeconds * 1_000
      const totalMs = warmupMs + load.seconds * 1_000
      origin = performance.now()
      let cpuBefore = process.cpuUsage()
      const progress = reportProgress(emit, load.seconds, warmupMs, () => {
        cpuBefore = process.cpuUsage()
      })
      await sendAll(plannedAttempts, log, sender, plan, now)
      await waitUntil(now, totalMs)
      const { user, system } = process.cpuUsage(cpuBefore)
      progress.stop()
      await drain(log, now, totalMs + load.timeoutSeconds * 1_000 + DRAIN_MS)
      if (load.reconnect) await waitUntilReconnected(log, now, now() + RECONNECT_TIMEOUT_MS)
      for (const session of sessions) session.close()
      await sender[Symbol.asyncDispose]()

      const lag = createLatency()
      for (const { planned, sentMs } of log.attempts)
        if (planned.dueMs >= warmupMs) recordMs(lag, sentMs - planned.dueMs)
      const lagLatency = latencyOf(lag)
      const report = summarise(log, load, guilds, {
        cores: (user + system) / 1_000_000 / load.seconds,
        memoryBytes: process.memoryUsage.rss(),
        lagP99Ms: lagLatency.count === 0 ? 0 : percentileMs(lagLatency, 99),
        lagMaxMs: lagLatency.count === 0 ? 0 : percentileMs(lagLatency, 100),
      })
      const lines = Readable.from(sampleLines(log)).map((line: string) => `${line}\n`)
      await pipeline(lines, createGzip(), createWriteStream(plan.samplesFile))
      emit({ type: 'result', report })
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
 * Starts every attempt at its due time, whether or not earlier ones were answered. An overdue
 * attempt starts at once: the schedule is never stretched.
 */
async function sendAll(
  plannedAttempts: readonly PlannedAttempt[],
  log: AttemptLog,
  sender: Sender,
  plan: Plan,
  now: () => number,
): Promise<void> {
  let inFlight = 0
  for (const [n, planned] of plannedAttempts.entries()) {
    await waitUntil(now, planned.dueMs)
    if (inFlight >= MAX_IN_FLIGHT) continue
    const attempt = log.attempts[n]!
    attempt.sentMs = now()
    attempt.outcome = 'no answer'
    inFlight++
    const timeoutMs = planned.dueMs + plan.load.timeoutSeconds * 1_000 - attempt.sentMs
    void sender.attempt(planned, nonceOf(plan.marker, n), Math.ceil(timeoutMs)).then((outcome) => {
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
 * Waits until every attempt was answered and every acknowledged message was delivered to all
 * sockets of its guild, but not beyond `latestMs`.
 */
async function drain(log: AttemptLog, now: () => number, latestMs: number): Promise<void> {
  const sockets = new Map<number, number>()
  for (const { guild } of log.sessions) sockets.set(guild, (sockets.get(guild) ?? 0) + 1)
  const expected = (): number =>
    log.attempts.reduce(
      (sum, attempt) =>
        sum +
        (attempt.planned.kind === 'send' && isAcknowledged(attempt)
          ? sockets.get(attempt.planned.guild)!
          : 0),
      0,
    )
  const answered = (): boolean => log.attempts.every(({ outcome }) => outcome !== 'no answer')
  while (!answered() && now() < latestMs) await delay(20)
  const until = Math.min(latestMs, now() + DRAIN_MS)
  while (log.deliveries.attempt.length < expected() && now() < until) await delay(20)
  // A duplicate arrives after the last expected delivery.
  await delay(100)
}

async function waitUntilReconnected(
  { sessions }: AttemptLog,
  now: () => number,
  latestMs: number,
): Promise<void> {
  const disconnected = (): boolean =>
    sessions.some(({ dropsMs, returnsMs }) => dropsMs.length > returnsMs.length)
  while (disconnected() && now() < latestMs) await delay(20)
}

/** Emits `measuring` when the warm-up ends, and then an event every second. */
function reportProgress(
  emit: (event: GeneratorEvent) => void,
  seconds: number,
  warmupMs: number,
  onMeasuring: () => void,
): { stop(): void } {
  let done = 0
  let interval: NodeJS.Timeout | undefined
  const start = setTimeout(() => {
    onMeasuring()
    emit({ type: 'measuring' })
    interval = setInterval(
      () => emit({ type: 'second', done: Math.min(++done, seconds), total: seconds }),
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
