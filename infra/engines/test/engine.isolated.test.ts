import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { cacheDir } from '../src/cache.ts'
import type { Engine } from '../src/engine.ts'
import { identify } from '../src/process/identity.ts'
import { isListening, isPortFree } from '../src/process/ports.ts'
import { dedicatedMongo } from '../src/testing/index.ts'

/*
 * The guarantees of every engine, checked on the engine that this machine has. Tests that kill
 * engines rely on them. A separate driver observes each effect; the engine's own state is not
 * trusted.
 */
const MEGABYTE = 1024 * 1024

let engine: Engine
beforeAll(async () => {
  engine = await dedicatedMongo({ cacheMb: 256 })
})
afterAll(async () => {
  await engine?.stop()
})

/** Opens a new connection each time, since an old one would remember the server's state. */
async function withClient<T>(use: (client: MongoClient) => Promise<T>): Promise<T> {
  const client = new MongoClient(engine.uri, {
    serverSelectionTimeoutMS: 2_000,
    connectTimeoutMS: 2_000,
    socketTimeoutMS: 2_000,
  })
  try {
    return await use(client)
  } finally {
    await client.close(true)
  }
}

const ping = (): Promise<unknown> => withClient((client) => client.db('admin').command({ ping: 1 }))
const write = (name: string): Promise<unknown> =>
  withClient((client) =>
    client
      .db('kept')
      .collection('names')
      .insertOne({ name }, { writeConcern: { w: 'majority', journal: true } }),
  )
const names = (): Promise<string[]> =>
  withClient(async (client) =>
    (await client.db('kept').collection('names').find().sort({ name: 1 }).toArray()).map(
      ({ name }) => name,
    ),
  )
const port = (): number => Number(new URL(engine.uri).port)

describe('an engine', () => {
  it('answers a driver as soon as it has started, and reports its label', async () => {
    expect(await ping()).toMatchObject({ ok: 1 })
    expect(engine.state()).toBe('running')
    const { product, version, provider, standIn, text } = engine.label
    expect(text).toContain(`${product} ${version} (${provider}`)
    // Only MongoDB itself has that product name.
    expect(standIn === undefined).toBe(product === 'MongoDB')
    expect(text.includes('a stand-in')).toBe(standIn !== undefined)
  })

  it('has at least the requested cache, and is one node', async () => {
    expect(engine.limits().cacheBytes).toBeGreaterThanOrEqual(64 * MEGABYTE)
    await engine.scale(1)
    await expect(engine.scale(3)).rejects.toMatchObject({ code: 'ENGINE_CANNOT_SCALE' })
  })

  it('is unreachable after a kill, and has all acknowledged writes after a restart', async () => {
    const { uri, pid } = engine
    await write('before')
    await engine.kill()
    expect(engine.state()).toBe('killed')
    expect(await isListening(port())).toBe(false)
    await expect(ping()).rejects.toThrow()
    if (pid !== undefined) expect(await identify(pid)).toBeUndefined()

    await engine.restart()
    expect(engine.uri).toBe(uri)
    expect(engine.state()).toBe('running')
    expect(await names()).toEqual(['before'])
    await write('since')
  })

  it('cannot be paused, resumed or killed after a kill', async () => {
    await engine.kill()
    const refusals = await Promise.allSettled([engine.pause(), engine.resume(), engine.kill()])
    if (engine.label.provider === 'native')
      expect(refusals.map((each) => each.status === 'rejected' && each.reason.code)).toEqual(
        Array(3).fill('ENGINE_STOPPED'),
      )
    else expect(refusals.map(({ status }) => status)).toEqual(Array(3).fill('rejected'))
    expect(engine.state()).toBe('killed')
    await engine.restart()
    expect(await names()).toEqual(['before', 'since'])
  })

  it('hangs with open connections while paused, and continues when resumed', async () => {
    await withClient(async (client) => {
      await client.db('admin').command({ ping: 1 })
      await engine.pause()
      expect(engine.state()).toBe('paused')
      const hanging = client.db('kept').collection('names').countDocuments()
      await expect(hanging).rejects.toThrow()
    })
    // The system still accepts connections for it, so clients see a slow server.
    expect(await isListening(port())).toBe(true)
    await engine.resume()
    expect(engine.state()).toBe('running')
    await vi.waitFor(async () => expect(await names()).toEqual(['before', 'since']), 20_000)
  })

  it('keeps its data and address over a restart, both running and paused', async () => {
    const { uri } = engine
    await engine.restart()
    expect(await names()).toEqual(['before', 'since'])
    await engine.pause()
    await engine.restart()
    expect(engine.uri).toBe(uri)
    expect(engine.state()).toBe('running')
    expect(await names()).toEqual(['before', 'since'])
  })

  it('leaves no process, port or file after one or two stops, and cannot restart', async () => {
    const { pid } = engine
    const before = await readdir(join(cacheDir(), 'run'))
    await Promise.all([engine.stop(), engine.stop()])
    await engine.stop()
    expect(engine.state()).toBe('stopped')
    if (pid !== undefined) expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port())).toBe(true)
    const removed = before.filter((name) => !existsSync(join(cacheDir(), 'run', name)))
    expect(removed.filter((name) => name.startsWith('mongodb-')).length).toBeGreaterThanOrEqual(2)
    for (const act of [() => engine.kill(), () => engine.restart(), () => engine.pause()])
      await expect(act()).rejects.toMatchObject({ code: 'ENGINE_STOPPED' })
  })
})
