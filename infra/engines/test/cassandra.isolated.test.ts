import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { withCassandraClient } from '../src/cassandra/address.ts'
import type { CassandraEngine } from '../src/cassandra/engine.ts'
import { identify } from '../src/process/identity.ts'
import { allTests, dedicatedCassandra } from '../src/testing/index.ts'

const TIMEOUT_MS = 10_000
const ROWS = 300
const ask = <T>(engine: CassandraEngine, cql: string, values: unknown[] = []) =>
  withCassandraClient(
    engine.uri,
    async (client) =>
      (await client.execute(cql, values, { prepare: values.length > 0 })).rows as T[],
    TIMEOUT_MS,
  )
const countOf = async (engine: CassandraEngine): Promise<number> =>
  Number((await ask<{ count: unknown }>(engine, 'SELECT count(*) AS count FROM t.rows'))[0]?.count)

/**
 * Whether the node on 127.0.0.2 listens, which it does just before it contacts its seed. Linux
 * lists the address backwards in hexadecimal, and the state LISTEN as 0A.
 */
const secondListens = async (): Promise<boolean> =>
  /: 0200007F:\w{4} 00000000:0000 0A /.test(await readFile('/proc/net/tcp', 'utf8'))

/** The tests share one node, which takes ten seconds or more to start. Each leaves it running. */
describe('Cassandra', { timeout: 120_000 }, () => {
  const use = new AsyncDisposableStack()
  let engine: CassandraEngine
  beforeAll(async () => {
    engine = use.use(await dedicatedCassandra({ collector: 'G1' }))
    await withCassandraClient(
      engine.uri,
      async (client) => {
        await client.execute(
          "CREATE KEYSPACE t WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
        )
        await client.execute('CREATE TABLE t.rows (id int PRIMARY KEY, text text)')
      },
      30_000,
    )
  })
  afterAll(() => use.disposeAsync())

  it('reports its label and address', () => {
    const { product, version, provider, text } = engine.label
    expect(text).toBe(`${product} ${version} (${provider})`)
    expect(product).toMatch(/^Cassandra, \d+ MB heap$/)
    expect(engine.uri).toMatch(/^cassandra:\/\/127\.0\.0\.1:\d+\/\?dc=datacenter1$/)
    expect(engine.state()).toBe('running')
  })

  it.runIf(allTests())('has every acknowledged write after a kill and a restart', async () => {
    // The kill follows the last write at once: a log that is synced ten times a second would miss
    // some.
    await withCassandraClient(
      engine.uri,
      async (client) => {
        for (let id = 0; id < ROWS; id++)
          await client.execute('INSERT INTO t.rows (id, text) VALUES (?, ?)', [id, 'x'], {
            prepare: true,
          })
        await engine.kill()
      },
      TIMEOUT_MS,
    )
    expect(engine.state()).toBe('killed')
    await engine.restart()
    expect(engine.state()).toBe('running')
    expect(await countOf(engine)).toBe(ROWS)
  })

  it('neither answers nor closes connections while paused, and continues when resumed', async () => {
    const before = await countOf(engine)
    await engine.pause()
    expect(engine.state()).toBe('paused')
    await expect(
      withCassandraClient(engine.uri, (client) => client.connect(), 500),
    ).rejects.toThrow()
    await engine.resume()
    expect(engine.state()).toBe('running')
    await vi.waitFor(async () => expect(await countOf(engine)).toBe(before), TIMEOUT_MS)
  })

  // Each nodetool call starts a JVM.
  it.runIf(allTests())(
    'reports the nodetool figures and garbage collector pauses of its nodes',
    async () => {
      // A container offers no nodes.
      for (const node of engine.nodes()) {
        expect(await node.nodetool('status')).toMatch(/^UN +127\.0\.0\.1/m)
        await node.nodetool('flush', 't')
        expect(await node.tableStats('t', 'rows')).toMatchObject({
          sstables: expect.any(Number),
          partitions: expect.any(Number),
        })
        expect((await node.tableStats('t', 'rows')).sstables).toBeGreaterThan(0)
        const pauses = await node.pauses()
        expect(pauses.length).toBeGreaterThan(0)
        for (const { start, end } of pauses) expect(end).toBeGreaterThan(start)
      }
      expect(engine.nodes()).toHaveLength(engine.label.provider === 'native' ? 1 : 0)
    },
  )

  it.runIf(allTests() && process.platform === 'linux')(
    'adds a node even if the first node answers late',
    async (test) => {
      if (engine.label.provider !== 'native')
        test.skip('containers have no addresses of their own on this machine')
      await engine.pause()
      const resumeLate = async () => {
        await expect.poll(secondListens, { timeout: 60_000 }).toBe(true)
        // A node that contacts its seed once gives up after three seconds.
        await delay(4_000)
        await engine.resume()
      }
      const [node] = await Promise.all([engine.addNode(), resumeLate()])
      expect(node.address).toBe('127.0.0.2')
      expect((await engine.nodes()[0]?.nodetool('status'))?.match(/^UN /gm)).toHaveLength(2)
    },
  )

  it('reports its own death, and leaves no process after a stop', async () => {
    const { pid } = engine
    if (pid !== undefined) {
      process.kill(pid, 'SIGKILL')
      await vi.waitFor(() => expect(engine.state()).toBe('died'), TIMEOUT_MS)
    }
    await engine.stop()
    expect(engine.state()).toBe('stopped')
    if (pid !== undefined) expect(await identify(pid)).toBeUndefined()
  })
})
