import { setTimeout as delay } from 'node:timers/promises'
import { askGateway, type OnProgress, type StageProcess, waitUntil } from '@threshold/engines'
import { CodedError, messageOf } from '@threshold/kit'
import {
  byLabel,
  GatewaySession,
  gatewayAddresses,
  processMemoryBytes,
  scrape,
  seeded,
} from '@threshold/lab-kit'
import pLimit from 'p-limit'
import pRetry from 'p-retry'
import { api } from '../api.ts'
import { prepareGuild } from '../contestants.ts'

export interface StormPlan {
  readonly sessions: number
  readonly rounds: number
  /** Sent while the clients have no sockets. */
  readonly messages: number
  /** Until clients have acknowledged what they received, so that the buffers are empty. */
  readonly settleMs: number
}

/** All sockets were cut at once, and the clients came back. */
export interface StormSample {
  /** From the cut to the last session that was back. A client waits up to a second before. */
  readonly seconds: number
  readonly resumed: number
  readonly identified: number
  /** The messages that each session had to get, and got. */
  readonly expected: number
  readonly delivered: number
  readonly doubled: number
  /** Operations on the databases by gateways and guild hosts. */
  readonly storeOperations: number
}

export interface StormResult {
  readonly samples: readonly StormSample[]
  /** Memory of the gateways for each idle session with its socket, in bytes. */
  readonly bytesPerSession: number
}

/** Several users, so that permissions are checked for more than one. */
const USERS = 25
const OPEN_AT_ONCE = 100
const BACK_WITHIN_MS = 120_000
const POLL_MS = 10
const SEND_RETRIES = 20

/** Opens sessions in one guild, and cuts all of their sockets in every round. */
export async function resumeStorms(
  stage: StageProcess,
  { sessions: count, rounds, messages, settleMs }: StormPlan,
  onProgress: OnProgress,
): Promise<StormResult> {
  const { guild, channel, tokens } = await prepareGuild(stage.url, USERS)
  const gateways = stage.roles.filter(({ role }) => role === 'gateway')
  const hosts = stage.roles.filter(({ role }) => role === 'gateway' || role === 'guilds')
  const memory = async (): Promise<number> =>
    sum(await Promise.all(gateways.map(async ({ pid }) => (await processMemoryBytes(pid)) ?? 0)))
  const operations = async (): Promise<number> =>
    sum(
      await Promise.all(
        hosts.map(async ({ url }) => {
          const metrics = (await scrape(url)) ?? new Map<string, number>()
          return sum(
            Object.values(byLabel(metrics, 'threshold_store_operations_total', 'operation')),
          )
        }),
      ),
    )
  /** The stage is busy with the sessions that come back. A nonce makes a repetition harmless. */
  const send = (content: string) => {
    const body = { content, nonce: content, enforce_nonce: true }
    const path = `/api/v10/channels/${channel}/messages`
    return pRetry(() => api(stage.url)('POST', path, body, tokens[0]), {
      retries: SEND_RETRIES,
      minTimeout: 1_000,
      factor: 1,
      shouldRetry: ({ error }) => /: 503 /.test(messageOf(error)),
    })
  }

  const counts = { back: 0, RESUMED: 0, READY: 0 }
  /** How often each session has received each message of the round. */
  let received = new Map<GatewaySession, Map<string, number>>()
  const addresses = gatewayAddresses(
    () => askGateway(stage.url),
    () => performance.now(),
  )
  const random = seeded(1)
  const sessions = Array.from({ length: count }, (_, i): GatewaySession => {
    const session: GatewaySession = new GatewaySession({
      gateways: addresses,
      token: tokens[i % tokens.length]!,
      guildId: guild,
      reconnect: true,
      random,
      onMessage: () => {},
      onDispatch(type, _sequence, data) {
        if (type === 'RESUMED' || type === 'READY') counts[type] += 1
        if (type !== 'MESSAGE_CREATE') return
        const { content } = data as { readonly content: string }
        const own = received.get(session) ?? new Map<string, number>()
        received.set(session, own.set(content, (own.get(content) ?? 0) + 1))
      },
      onDrop: () => {},
      onReturn() {
        counts.back += 1
      },
    })
    return session
  })
  await using use = new AsyncDisposableStack()
  use.defer(() => {
    for (const session of sessions) session.close()
  })

  const before = await memory()
  let opened = 0
  await pLimit(OPEN_AT_ONCE).map(sessions, async (session) => {
    await session.open()
    opened += 1
    if (opened % OPEN_AT_ONCE === 0)
      onProgress({ text: 'opening sessions', done: opened, total: count })
  })
  await delay(settleMs)
  const bytesPerSession = ((await memory()) - before) / count

  const samples: StormSample[] = []
  while (samples.length < rounds) {
    onProgress({ text: 'cutting all sockets', done: samples.length, total: rounds })
    received = new Map()
    Object.assign(counts, { back: 0, RESUMED: 0, READY: 0 })
    const operationsBefore = await operations()
    const from = performance.now()
    for (const session of sessions) session.cut()
    for (let n = 0; n < messages; n++) await send(`${samples.length} ${n}`)
    const options = { intervalMs: POLL_MS, timeoutMs: BACK_WITHIN_MS }
    if (!(await waitUntil(() => counts.back >= count, options)))
      throw new CodedError('NOT_BACK', `${counts.back} of ${count} sessions came back`)
    const seconds = (performance.now() - from) / 1_000
    const delivered = () => sum([...received.values()].map(({ size }) => size))
    const expected = count * messages
    await waitUntil(() => delivered() >= expected, options)
    samples.push({
      seconds,
      resumed: counts.RESUMED,
      identified: counts.READY,
      expected,
      delivered: delivered(),
      doubled: sum([...received.values()].flatMap((own) => [...own.values()])) - delivered(),
      storeOperations: (await operations()) - operationsBefore,
    })
    await delay(settleMs)
  }
  return { samples, bytesPerSession }
}

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0)
