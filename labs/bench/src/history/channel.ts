import { Agent, request } from 'node:http'
import { DISCORD_EPOCH, firstIdAt } from '@threshold/contract'
import { parseCassandraUri, startStage } from '@threshold/engines'
import { byLabel, scrape } from '@threshold/lab-kit'
import { createGuild, fillHistory } from '../api.ts'

export interface History {
  readonly messages: number
  readonly days: number
  readonly characters: number
}

/** A channel in a stage of its own with databases of its own, so that nothing else adds cost. */
export interface FilledChannel extends AsyncDisposable {
  readonly name: string
  readonly messages: number
  readonly keyspace: string | undefined
  readonly pid: number
  readonly enginePid: number | undefined
  /**
   * Reads a page and returns its time in milliseconds. A random one begins anywhere in the history.
   */
  page(at: 'newest' | 'random'): Promise<number>
  /** Number of statements that the store has executed for pages so far. */
  statements(): Promise<number>
}

export interface StageAddresses {
  readonly stage: number
  readonly mongodb: string
  /** Includes the keyspace. Missing if the stage does not use Cassandra. */
  readonly cassandra?: string
  /** The engine that stores the messages, if it is a process of this machine. */
  readonly enginePid?: number | undefined
}

export const PAGE = 50
const DAY_MS = 86_400_000
/** Pages before the oldest start of a random page, so that every page is full. */
const RESERVED_PAGES = 2

/** Starts a stage and fills a channel through its import, spread over all days. */
export async function fillChannel(
  { stage, mongodb, cassandra, enginePid }: StageAddresses,
  history: History,
  onDone: (messages: number) => void,
): Promise<FilledChannel> {
  await using opened = new AsyncDisposableStack()
  const running = opened.use(
    await startStage({
      stage,
      engineUri: mongodb,
      ...(cassandra === undefined ? {} : { cassandraUri: cassandra }),
      env: { THRESHOLD_LOG_LEVEL: 'warn', THRESHOLD_RATE_REQUESTS: '1000000' },
    }),
  )
  const { token, channels } = await createGuild(running.url, 1)
  await fillHistory(running.url, token, { ...history, channels }, onDone)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  opened.defer(() => agent.destroy())
  const url = `${running.url}/api/v10/channels/${channels[0]}/messages?limit=${PAGE}`
  const share = Math.max(0, 1 - (RESERVED_PAGES * PAGE) / history.messages)
  const closing = opened.move()
  return {
    name: `stage ${stage}`,
    messages: history.messages,
    keyspace: cassandra === undefined ? undefined : parseCassandraUri(cassandra).keyspace,
    pid: running.pid,
    enginePid,
    async page(at) {
      const then = Date.now() - Math.random() * share * history.days * DAY_MS
      const { ms, body } = await timed(
        at === 'newest' ? url : `${url}&before=${firstIdAt(Math.max(then, DISCORD_EPOCH))}`,
        token,
        agent,
      )
      const found = (JSON.parse(body) as unknown[]).length
      if (found !== Math.min(PAGE, history.messages))
        throw new Error(`a page had ${found} messages in a channel of ${history.messages}`)
      return ms
    },
    async statements() {
      const metrics = (await scrape(running.url)) ?? new Map<string, number>()
      const name =
        cassandra === undefined
          ? 'threshold_store_operations_total'
          : 'threshold_cassandra_statements_total'
      return byLabel(metrics, name, 'operation')['messages.page'] ?? Number.NaN
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
}

/** Measures a request until the last byte of its response. */
function timed(url: string, token: string, agent: Agent): Promise<{ ms: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ ms: number; body: string }>()
  const began = performance.now()
  const sent = request(url, { agent, headers: { authorization: `Bot ${token}` } }, (response) => {
    const chunks: Buffer[] = []
    response
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', () => {
        const ms = performance.now() - began
        const body = Buffer.concat(chunks).toString()
        if (response.statusCode === 200) resolve({ ms, body })
        else reject(new Error(`a page was answered ${response.statusCode}: ${body.slice(0, 200)}`))
      })
  })
  sent.on('error', reject).end()
  return promise
}
