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

/**
 * A channel of some size, in a stage of its own with databases of its own: what its pages cost,
 * nothing else adds to.
 */
export interface FilledChannel extends AsyncDisposable {
  readonly name: string
  readonly messages: number
  readonly keyspace: string | undefined
  readonly pid: number
  readonly enginePid: number | undefined
  /**
   * Asks for a page and answers how many milliseconds it took; a random one begins before some
   * moment of its past.
   */
  page(at: 'newest' | 'random'): Promise<number>
  /** What its store has been asked so far for pages. */
  statements(): Promise<number>
}

export interface StageAddresses {
  readonly stage: number
  readonly mongodb: string
  /** With its keyspace; for a stage whose messages are there. */
  readonly cassandra?: string
  /** The engine that the messages are on, where it is a process of ours. */
  readonly enginePid?: number | undefined
}

export const PAGE = 50
const DAY_MS = 86_400_000
/**
 * Pages' worth of messages that lie behind the oldest place that is asked for, so that each page is
 * a full one.
 */
const BEHIND = 2

/** Written through the stage's own import, over all its days. */
export async function fillChannel(
  { stage, mongodb, cassandra, enginePid }: StageAddresses,
  past: History,
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
  await fillHistory(running.url, token, { ...past, channels }, onDone)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  opened.defer(() => agent.destroy())
  const url = `${running.url}/api/v10/channels/${channels[0]}/messages?limit=${PAGE}`
  const share = Math.max(0, 1 - (BEHIND * PAGE) / past.messages)
  const closing = opened.move()
  return {
    name: `stage ${stage}`,
    messages: past.messages,
    keyspace: cassandra === undefined ? undefined : parseCassandraUri(cassandra).keyspace,
    pid: running.pid,
    enginePid,
    async page(at) {
      const then = Date.now() - Math.random() * share * past.days * DAY_MS
      const { ms, body } = await timed(
        at === 'newest' ? url : `${url}&before=${firstIdAt(Math.max(then, DISCORD_EPOCH))}`,
        token,
        agent,
      )
      const found = (JSON.parse(body) as unknown[]).length
      if (found !== Math.min(PAGE, past.messages))
        throw new Error(`a page of ${found} messages, of a channel of ${past.messages}`)
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

/** From the request to the last byte of the answer. */
function timed(url: string, token: string, agent: Agent): Promise<{ ms: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ ms: number; body: string }>()
  const began = performance.now()
  const asked = request(url, { agent, headers: { authorization: `Bot ${token}` } }, (response) => {
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
  asked.on('error', reject).end()
  return promise
}
