import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { silentLog, unavailable } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cassandraMessageStore } from '../../src/adapters/message-store.cassandra.ts'
import { cassandraDatabase } from '../../src/cassandra/database.ts'
import { movingMessageStore } from '../../src/migration/index.ts'
import { type Fixture, openFixture } from './fixture.ts'
import { migrator } from './migrator.ts'

const use = new AsyncDisposableStack()
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'threshold-beginnings-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
})
afterAll(() => use.disposeAsync())

/** A stage that starts now. */
const start = (
  { mongo, cassandra, config, ends, runtime }: Fixture,
  startsOn: 'cassandra' | 'mongodb' = 'cassandra',
) =>
  movingMessageStore(
    { mongo, cassandra, messages: ends.target.store },
    { cassandra: config, startsOn },
    runtime,
  )

/** The same databases, with a port on which no Cassandra listens. */
const withoutCassandra = (fixture: Fixture): Fixture => ({
  ...fixture,
  config: { ...fixture.config, port: 1 },
})

describe('a stage that began on Cassandra', { timeout: 60_000 }, () => {
  it('stays there, whatever turns up on MongoDB later', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    const message = aMessage(newId())
    await own.use(await start(fixture)).insert(message, testDeadline())
    await fixture.ends.source.store.insert(aMessage(message.channelId), testDeadline()) // a stage 1 that was started by mistake
    for (const startsOn of ['cassandra', 'mongodb'] as const) {
      const again = own.use(await start(fixture, startsOn))
      expect(await again.page(message.channelId, { at: 'latest' }, 50, testDeadline())).toEqual([
        message,
      ])
    }
    const run = migrator(fixture, folder)
    for (const step of ['all', 'dual-write', 'decommission', 'rollback'] as const)
      await expect(run(step)).rejects.toMatchObject({ code: 'NOTHING_TO_MOVE' })
    expect(await run('status')).toMatch(
      /^no move has begun: messages are on Cassandra from the beginning\nnext: npx threshold stage 2 --migrating/,
    )
  })
})

describe('messages in both databases, and no migration', { timeout: 60_000 }, () => {
  it('keep a stage from starting, since one half would not be served', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    for (const { store } of Object.values(fixture.ends))
      await store.insert(aMessage(newId()), testDeadline())
    await expect(start(fixture)).rejects.toMatchObject({
      code: 'MESSAGES_ON_BOTH',
      next: expect.stringContaining('THRESHOLD_CASSANDRA_URI'),
    })
    expect(await fixture.state.read()).toBeUndefined()
  })

  it('keep dual writes from beginning, since a verification would delete those on Cassandra', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    own.use(await start(fixture, 'mongodb'))
    await fixture.ends.target.store.insert(aMessage(newId()), testDeadline()) // another stage with the same keyspace
    await expect(migrator(fixture, folder)('dual-write')).rejects.toMatchObject({
      code: 'TARGET_IN_USE',
    })
    expect((await fixture.state.read())?.phase).toBe('source')
  })
})

describe('while Cassandra is away', { timeout: 60_000 }, () => {
  it.each([
    ['source', 'queue', 'ready'],
    ['dual-write', 'queue', 'ready'],
    ['dual-write', 'fail', 'not ready'],
    ['cutover', 'queue', 'not ready'],
    ['decommissioned', 'queue', 'not ready'],
  ] as const)('a process in phase %s with policy %s is %s', async (phase, policy, expected) => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    await fixture.update({ phase, policy })
    let away = false
    const run: Fixture['cassandra']['run'] = (...args) =>
      away ? Promise.reject(unavailable('Cassandra')) : fixture.cassandra.run(...args)
    const store = own.use(await start({ ...fixture, cassandra: { ...fixture.cassandra, run } }))
    await store.ready(testDeadline())
    away = true
    expect(
      await store.ready(testDeadline()).then(
        () => 'ready',
        () => 'not ready',
      ),
    ).toBe(expected)
  })

  it('a process starts, serves from MongoDB, and replicates its writes once Cassandra is back', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    await fixture.enter('dual-write')
    await expect(cassandraDatabase({ ...fixture.config, port: 1 })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
    const unreachable = own.use(
      await cassandraDatabase({ ...fixture.config, port: 1 }, undefined, silentLog),
    )
    const store = cassandraMessageStore(unreachable, fixture.config)
    const message = aMessage(newId())
    {
      await using process = await start({
        ...fixture,
        cassandra: unreachable,
        ends: { ...fixture.ends, target: { ...fixture.ends.target, store } },
      })
      await process.insert(message, testDeadline())
      expect(await process.page(message.channelId, { at: 'latest' }, 50, testDeadline())).toEqual([
        message,
      ])
      await expect(
        store.get(message.channelId, [message.id], testDeadline()),
      ).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
    }
    await fixture.process()
    const followed = () =>
      fixture.ends.target.store.get(message.channelId, [message.id], testDeadline())
    await expect.poll(followed, { timeout: 30_000 }).toEqual([message])
  })

  it('status, plan and rollback work while MongoDB decides', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    own.use(await start(fixture, 'mongodb'))
    await migrator(fixture, folder)('dual-write')
    const run = migrator(withoutCassandra(fixture), folder)
    expect(await run('status')).toMatch(/phase: dual-write/)
    expect(await run('plan')).toMatch(/next: .*backfill/)
    expect(await run('rollback')).toMatch(/MongoDB alone/)
    expect((await fixture.state.read())?.phase).toBe('source')
  })

  it('rollback is refused while Cassandra decides, and says how to go on', async () => {
    await using own = new AsyncDisposableStack()
    const fixture = await openFixture(own)
    await fixture.enter('cutover')
    own.use(await start(fixture))
    await expect(migrator(withoutCassandra(fixture), folder)('rollback')).rejects.toMatchObject({
      code: 'CASSANDRA_AWAY',
      next: expect.stringContaining('bring it back'),
    })
    expect((await fixture.state.read())?.phase).toBe('cutover')
  })
})
