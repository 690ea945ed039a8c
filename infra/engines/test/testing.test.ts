import { MongoClient } from 'mongodb'
import { describe, expect, it } from 'vitest'
import { withCassandraClient } from '../src/cassandra/address.ts'
import { dropDatabase, withDatabase } from '../src/mongodb/database.ts'
import { fetchSharedEngine, startEngineHost, testEngine } from '../src/testing/host.ts'
import { leaseDatabase, leaseKeyspace } from '../src/testing/index.ts'
import { emptyCache, setEnvironment, tempFolder } from './helpers.ts'

async function databasesOf(uri: string): Promise<string[]> {
  const client = new MongoClient(uri)
  try {
    return (await client.db('admin').admin().listDatabases({ nameOnly: true })).databases.map(
      ({ name }) => name,
    )
  } finally {
    await client.close(true)
  }
}

async function insert(uri: string): Promise<number> {
  const client = new MongoClient(uri)
  try {
    // The address contains the database, so a client needs no other name.
    await client.db().collection('things').insertOne({ n: 1 })
    return await client.db().collection('things').countDocuments()
  } finally {
    await client.close(true)
  }
}

describe('a leased database', () => {
  it('is empty and unique, and dropped when disposed', async () => {
    await using use = new AsyncDisposableStack()
    const kept = use.use(await leaseDatabase())
    const given = await leaseDatabase()
    expect(kept.name).not.toBe(given.name)
    expect([await insert(kept.uri), await insert(given.uri)]).toEqual([1, 1])
    expect(await databasesOf(kept.uri)).toEqual(expect.arrayContaining([kept.name, given.name]))
    await given[Symbol.asyncDispose]()
    const remaining = await databasesOf(kept.uri)
    expect([remaining.includes(kept.name), remaining.includes(given.name)]).toEqual([true, false])
  })
})

describe('a leased keyspace', { timeout: 180_000 }, () => {
  it('is unique, and dropped when disposed', async () => {
    await using use = new AsyncDisposableStack()
    const kept = use.use(await leaseKeyspace())
    const given = await leaseKeyspace()
    expect(kept.keyspace).not.toBe(given.keyspace)
    const exist = (): Promise<boolean[]> =>
      withCassandraClient(kept.uri, async (client) => {
        const { rows } = await client.execute('SELECT keyspace_name FROM system_schema.keyspaces')
        return [kept, given].map(({ keyspace }) =>
          rows.some((row) => row.keyspace_name === keyspace),
        )
      })
    expect(await exist()).toEqual([false, false])
    for (const { uri, keyspace } of [kept, given])
      await withCassandraClient(uri, (client) =>
        client.execute(
          `CREATE KEYSPACE ${keyspace} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
        ),
      )
    expect(await exist()).toEqual([true, true])
    await given[Symbol.asyncDispose]()
    expect(await exist()).toEqual([true, false])
  })
})

describe('the engine host', () => {
  it('reports why there is no engine, and tries only once', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    setEnvironment(use, { PATH: await tempFolder(use), THRESHOLD_TEST_ENGINE: 'external' })
    setEnvironment(use, { THRESHOLD_MONGODB_URI: undefined, THRESHOLD_CASSANDRA_URI: undefined })
    const lines: string[] = []
    const host = use.use(await startEngineHost(({ text }) => lines.push(text)))
    for (const _time of [1, 2])
      await expect(fetchSharedEngine(host.url, 'mongodb')).rejects.toMatchObject({
        code: 'NO_MONGODB',
        message: expect.stringContaining('external: THRESHOLD_MONGODB_URI is not set'),
      })
    expect(lines).toEqual(['external: THRESHOLD_MONGODB_URI is not set'])
    await expect(fetchSharedEngine(host.url, 'cassandra')).rejects.toMatchObject({
      code: 'NO_CASSANDRA',
      message: expect.stringContaining('external: THRESHOLD_CASSANDRA_URI is not set'),
    })
  })

  it('uses the provider of THRESHOLD_TEST_ENGINE, and rejects an unknown one', async () => {
    await using use = new AsyncDisposableStack()
    setEnvironment(use, { THRESHOLD_TEST_ENGINE: undefined })
    expect(testEngine()).toEqual({ prefer: 'quick' })
    setEnvironment(use, { THRESHOLD_TEST_ENGINE: 'docker' })
    expect(testEngine()).toEqual({ provider: 'docker', prefer: 'lab' })
    setEnvironment(use, { THRESHOLD_TEST_ENGINE: 'podman' })
    expect(() => testEngine()).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', next: expect.stringContaining('docker') }),
    )
  })
})

describe('the address of one database', () => {
  it.each([
    ['mongodb://a:1', 'mongodb://a:1/chat'],
    ['mongodb://a:1/?directConnection=true', 'mongodb://a:1/chat?directConnection=true'],
    ['mongodb://a:1/other?w=1', 'mongodb://a:1/chat?w=1'],
    ['mongodb://a:1,b:2,c:3/?replicaSet=rs', 'mongodb://a:1,b:2,c:3/chat?replicaSet=rs'],
    ['mongodb+srv://cluster.example/', 'mongodb+srv://cluster.example/chat'],
    ['mongodb://u:p%40@a:1/', 'mongodb://u:p%40@a:1/chat?authSource=admin'],
    ['mongodb://u:p@a:1/users', 'mongodb://u:p@a:1/chat?authSource=users'],
    ['mongodb://u:p@a:1/users?authSource=x', 'mongodb://u:p@a:1/chat?authSource=x'],
  ])('on %s is %s', (server, expected) => {
    expect(withDatabase(server, 'chat')).toBe(expected)
    expect(() => new MongoClient(withDatabase(server, 'chat'))).not.toThrow()
  })

  it('is rejected if the server address is not valid', async () => {
    expect(() => withDatabase('http://a/', 'chat')).toThrow(
      expect.objectContaining({ code: 'BAD_MONGODB_URI' }),
    )
    await expect(dropDatabase('mongodb://127.0.0.1:1/', 'chat')).rejects.toThrow()
  })
})
