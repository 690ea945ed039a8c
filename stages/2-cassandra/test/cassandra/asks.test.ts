import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import { bucketOf, type Reaction } from '@threshold/domain'
import { errors, type policies, types } from 'cassandra-driver'
import { beforeAll, describe, expect, it } from 'vitest'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import type { CassandraConfig, Row } from '../../src/cassandra/database.ts'
import { long } from '../../src/cassandra/rows.ts'
import { hasMessages, probe } from '../../src/cassandra/schema.ts'
import { cassandraMovable } from '../../src/migration/movable.cassandra.ts'
import { openCheckpoints } from '../../src/migration/steps/checkpoints.ts'
import type { Move } from '../../src/migration/steps/move.ts'
import { verify } from '../../src/migration/steps/verify.ts'
import { recorded, type Sent } from './recorder.ts'
import { writtenStatements } from './written-statements.ts'

const config: CassandraConfig = {
  ...{
    contactPoints: ['127.0.0.1'],
    port: 9_042,
    localDataCenter: 'datacenter1',
    keyspace: 'asked',
  },
  ...{ replication: 1, bucketDays: 10 },
}
const channel = newId()
const message = aMessage(channel)
const reaction: Reaction = {
  v: 1,
  channelId: channel,
  messageId: message.id,
  emoji: '👍',
  userId: '7',
  writeTimeMicros: writeTime(),
}
const dedupe = { authorId: '7', channelId: channel, nonce: 'n' }

const MESSAGE: Row = {
  ...{
    channel_id: long(channel),
    message_id: long(message.id),
    author_id: 7n,
    content: 'hello',
    type: 0,
    v: 1,
  },
  ...{ write_time: message.writeTimeMicros, reacted: true, dedupe: 'key' },
}
/**
 * What the tables hold decides which way an operation goes; between these three worlds each goes
 * all of its ways.
 */
const WORLDS = {
  nothing: {},
  messages: { messages: [{ ...MESSAGE, reacted: null }] },
  everything: {
    messages: [MESSAGE],
    reactions: [{ emoji: '👍', user_id: 7n, count: 1n, first: 1n, write_time: 1n }],
    nonces: [{ '[applied]': false, message_id: 1n, gone: false }],
  },
} satisfies Record<string, Record<string, Row[]>>

function answering(tables: Record<string, Row[]>) {
  // An old one, and the one that the message lies in.
  const buckets = [bucketOf(message.id, config.bucketDays), 0].map((bucket) => ({
    channel_id: long(channel),
    bucket,
    emptied: false,
  }))
  const rows: Record<string, Row[]> = {
    ...{
      settings: [{ value: String(config.bucketDays) }],
      channel_buckets: buckets,
      nonces: [{ '[applied]': true }],
    },
    ...tables,
  }
  return (cql: string): Row[] => rows[/\basked\.(\w+)/.exec(cql)?.[1] ?? ''] ?? []
}

let sent: Sent[]
beforeAll(async () => {
  sent = (await Promise.all(Object.values(WORLDS).map(allThatIsSent))).flat()
})

/** Every operation of the port, of a move's end, and of the migrator that goes past both. */
async function allThatIsSent(tables: Record<string, Row[]>): Promise<Sent[]> {
  const { database, sent } = await recorded(config, answering(tables))
  const store = cassandraMessageStore(database, config)
  await probe(database, config, testDeadline())
  await hasMessages(database, config, testDeadline())
  await store.insert(message, testDeadline(), dedupe)
  await store.import([message], testDeadline())
  await store.get(channel, [message.id], testDeadline())
  await store.newest([channel], testDeadline())
  for (const before of [undefined, message.id])
    await store.senders(channel, before, 50, testDeadline())
  await store.page(channel, { at: 'latest' }, 50, testDeadline())
  for (const at of ['before', 'after', 'around'] as const)
    await store.page(channel, { at, id: message.id }, 50, testDeadline())
  await store.edit(
    {
      id: message.id,
      channelId: channel,
      set: { content: 'edited' },
      writeTimeMicros: writeTime(),
    },
    testDeadline(),
  )
  // Nothing written here is ever read, as if each reaction were taken back at once.
  await store
    .react(reaction, testDeadline())
    .catch((error: unknown) => expect(error).toMatchObject({ code: 'UNAVAILABLE' }))
  await store.unreact(reaction, testDeadline())
  await store.reactors(channel, message.id, '👍', { limit: 10 }, testDeadline())
  await store.reactions(channel, [message.id], '7', testDeadline())
  await store.remove(channel, [message.id], writeTime(), testDeadline())

  const end = cassandraMovable(database, config)
  const keys = [{ channelId: channel, id: message.id }]
  await end.rows(keys, testDeadline())
  await end.existing(keys, testDeadline())
  await end.put(
    Array.from({ length: 63 }, () => ({ message })),
    testDeadline(),
    { edited: true },
  )
  await end.erase([{ ...keys[0]!, dedupe: 'key' }], testDeadline())
  await end.nonce('key', testDeadline())
  await end.putNonces([{ key: 'key', id: message.id, gone: true }], testDeadline())
  await end.reaction(reaction, testDeadline())
  await end.reactionsOn(keys, testDeadline())
  await end.reactionsOn(keys, testDeadline(), reaction)
  await end.putReactions([reaction], testDeadline())
  await end.reactionsErasedAt(keys[0]!, testDeadline())
  await end.eraseReactions([reaction], testDeadline())

  if (tables.messages === undefined) await verifyNothing(database)
  return sent
}

/** A verification that has nothing to compare; it still reads all of Cassandra. */
async function verifyNothing(cassandra: Move['cassandra']): Promise<void> {
  using checkpoints = openCheckpoints(undefined, 'none')
  await checkpoints.resume('backfill', 1, async () => [])
  checkpoints.finish('backfill', true)
  const migration = {
    phase: 'dual-write',
    epoch: 1,
    entered: 1,
    generation: 1,
    run: 'none',
    shadow: { share: 0, round: 0 },
  }
  const nothing = {
    ...{ cassandra, target: cassandraMovable(cassandra, config) },
    ...{ config: { cassandra: config, concurrency: 4, rate: undefined, shadow: 0 } },
    ...{
      teller: { say() {}, progress() {} },
      state: { followers: async () => [] },
      intents: { about: async () => new Set() },
    },
    ...{
      source: {
        span: async () => undefined,
        rows: async () => [],
        existing: async () => [],
        reactionsOn: async () => [],
      },
    },
    ...{
      migration: async () => migration,
      change: async () => migration,
      checkpoints: () => checkpoints,
    },
  }
  await verify(nothing as unknown as Move)
}

const changesSchema = ({ cql }: Sent): boolean => cql.startsWith('CREATE')
/**
 * With a condition, from the value that was there, or by a function: doing it twice is not doing it
 * once.
 */
const notTwice = ({ cql }: Sent): boolean =>
  /\bIF\b|(\w+)\s*=\s*\1\s*[+-]|[+-]\s*(\w+)\s+WHERE|\b(now|uuid)\(\)/i.test(cql)
const writesOf = ({ cql }: Sent): number =>
  cql.match(/\b(INSERT INTO|UPDATE|DELETE FROM)\b/g)?.length ?? 0
const timesOf = ({ cql }: Sent): number => cql.match(/\bUSING TIMESTAMP \?/g)?.length ?? 0
const shown = (statements: readonly Sent[]): string[] => [
  ...new Set(statements.map(({ cql }) => cql)),
]

describe('of all statements', () => {
  it.each(writtenStatements())(
    '"$text" of $file is one that these laws are asked of',
    ({ pattern }) => {
      expect(sent.some(({ cql }) => pattern.test(cql))).toBe(true)
    },
  )

  it('those that may not be sent twice are not marked as if they might', () => {
    const some = sent.filter(notTwice)
    expect(some.length).toBeGreaterThan(0)
    expect(shown(some.filter(({ options }) => options.isIdempotent === true))).toEqual([])
  })

  it('all others are marked, so that a slow node or a lost one costs no request', () => {
    expect(
      shown(sent.filter((one) => !notTwice(one) && one.options.isIdempotent !== true)),
    ).toEqual([])
  })

  it('every write among those carries its own time: the second is the first again', () => {
    expect(
      shown(
        sent.filter((one) => one.options.isIdempotent === true && timesOf(one) !== writesOf(one)),
      ),
    ).toEqual([])
  })

  it('all are at LOCAL_QUORUM, and lightweight transactions at LOCAL_SERIAL', () => {
    const { localQuorum, localSerial } = types.consistencies
    const data = sent.filter((one) => !changesSchema(one))
    expect(shown(data.filter(({ options }) => options.consistency !== localQuorum))).toEqual([])
    const serial = data.filter(({ options }) => options.serialConsistency === localSerial)
    expect(shown(serial)).toEqual(shown(data.filter(notTwice)))
  })
})

describe('the driver', () => {
  const told = (isIdempotent: boolean) => ({
    executionOptions: { isIdempotent: () => isIdempotent },
    nbRetry: 0,
  })
  const { rethrow, retry } = { rethrow: 0, retry: 1 } satisfies Record<
    string,
    policies.retry.DecisionInfo['decision']
  >

  it('sends a statement again after a lost node, or a lost batch log, only if it is marked', async () => {
    const { policies: by } = (await recorded(config, answering({}))).driver
    const decisions = (isIdempotent: boolean) => {
      const info = told(isIdempotent) as unknown as policies.retry.OperationInfo
      const { localQuorum } = types.consistencies
      const batch = by.retry.onWriteTimeout(info, localQuorum, 0, 1, 'BATCH_LOG')
      return [
        by.retry.onRequestError(info, localQuorum, new Error('reset')).decision,
        batch.decision,
      ]
    }
    expect(decisions(false)).toEqual([rethrow, rethrow])
    expect(decisions(true)).toEqual([retry, retry])
  })

  it('asks no other node after the deadline', async () => {
    const { policies: by } = (await recorded(config, answering({}))).driver
    const late = new errors.OperationTimedOutError('late', '127.0.0.1')
    const info = told(true) as unknown as policies.retry.OperationInfo
    expect(by.retry.onRequestError(info, types.consistencies.localQuorum, late).decision).toBe(
      rethrow,
    )
  })

  it('takes nothing for marked that says nothing of it', async () => {
    expect((await recorded(config, answering({}))).driver.queryOptions.isIdempotent ?? false).toBe(
      false,
    )
  })

  it('asks one second node, or none where it is told not to', async () => {
    const next = async (more: Partial<CassandraConfig>) => {
      const { policies: by } = (await recorded({ ...config, ...more }, answering({}))).driver
      const plan = by.speculativeExecution.newPlan('', '')
      return [plan.nextExecution(), plan.nextExecution()]
    }
    expect(await next({})).toEqual([expect.toSatisfy((ms) => ms > 0), -1])
    expect(await next({ speculate: false })).not.toContainEqual(expect.toSatisfy((ms) => ms >= 0))
  })
})
