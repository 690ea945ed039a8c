import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { describe, expect, it, vi } from 'vitest'
import { toolDir } from '../src/cache.ts'
import { type Engine, engineLabel } from '../src/engine.ts'
import { startProcessEngine } from '../src/mongodb/process-engine.ts'
import { secantusLaunchSpec } from '../src/mongodb/secantus.ts'
import { installSecantusPython } from '../src/mongodb/secantus-install.ts'
import { startMongo } from '../src/mongodb/start.ts'
import { noProgress } from '../src/progress.ts'
import { listEntries } from '../src/registry/registry.ts'
import { TOOLS } from '../src/versions.ts'
import { cacheWithEngines, tempFolder } from './helpers.ts'

const LABEL = engineLabel({
  product: 'SecantusDB/Python',
  version: '0',
  provider: 'native',
  standIn: 'in a test',
})
const OPTIONS = { label: LABEL, format: 'test', limits: {}, replicaSet: false }
const portOf = (engine: Engine): number => Number(new URL(engine.uri).port)

async function count(engine: Engine, insert = 0): Promise<number> {
  const client = new MongoClient(engine.uri)
  try {
    const things = client.db('kept').collection('things')
    if (insert > 0) await things.insertMany(Array.from({ length: insert }, (_, n) => ({ n })))
    return await things.countDocuments()
  } finally {
    await client.close(true)
  }
}

describe('an engine that runs as a local process', () => {
  it('starts on another port if its port is taken', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    await installSecantusPython(noProgress)
    const launch = secantusLaunchSpec(
      join(toolDir(TOOLS.secantusPython), 'bin', 'secantusd-py'),
      64,
    )
    const rivals: Server[] = []
    use.defer(async () => {
      for (const rival of rivals) rival.close()
    })
    const ports: number[] = []
    const engine = await startProcessEngine({
      ...OPTIONS,
      launchSpec: (port, dataDir) => {
        ports.push(port)
        // This server takes the port before the engine starts.
        if (ports.length < 3)
          rivals.push(createServer((socket) => socket.destroy()).listen(port, '127.0.0.1'))
        return launch(port, dataDir)
      },
    })
    use.use(engine)
    expect(ports).toHaveLength(3)
    expect(new Set(ports).size).toBe(3)
    expect(portOf(engine)).toBe(ports[2])
    expect(await count(engine, 3)).toBe(3)
    // The failed starts leave nothing.
    expect((await listEntries()).entries).toHaveLength(1)
  })

  it('that exits at start reports its last output, and leaves nothing', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const failing = startProcessEngine({
      ...OPTIONS,
      launchSpec: () => ({
        command: process.execPath,
        args: ['-e', "console.error('no disk'); process.exit(3)"],
      }),
    })
    await expect(failing).rejects.toMatchObject({
      code: 'ENGINE_DIED',
      message: expect.stringMatching(/exit code 3.*no disk/s),
    })
    expect((await listEntries()).entries).toEqual([])
  })

  it('that never answers is ended after its time limit', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const failing = startProcessEngine({
      ...OPTIONS,
      readyTimeoutMs: 500,
      launchSpec: () => ({
        command: process.execPath,
        args: ['-e', 'setInterval(() => {}, 60_000)'],
      }),
    })
    await expect(failing).rejects.toMatchObject({
      code: 'ENGINE_NOT_READY',
      message: expect.stringContaining('it does not listen yet'),
    })
    expect((await listEntries()).entries).toEqual([])
  })

  it('keeps a given data folder, and refuses one of another engine', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const dataDir = await tempFolder(use)
    const first = await startMongo({ provider: 'native', dataDir })
    expect(await count(first, 5)).toBe(5)
    await first.stop()
    expect(existsSync(dataDir)).toBe(true)
    const second = use.use(await startMongo({ provider: 'native', dataDir }))
    expect(await count(second)).toBe(5)
    await second.stop()
    const launch = (): never => {
      throw new Error('it was launched')
    }
    await expect(
      startProcessEngine({ ...OPTIONS, dataDir, launchSpec: launch }),
    ).rejects.toMatchObject({
      code: 'DATA_OF_OTHER_ENGINE',
    })
  })

  it('never shares a port when many start at once', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const engines = await Promise.all([1, 2, 3].map(() => startMongo({ provider: 'native' })))
    for (const engine of engines) use.use(engine)
    expect(new Set(engines.map(portOf)).size).toBe(3)
    expect(await Promise.all(engines.map((engine, index) => count(engine, index + 1)))).toEqual([
      1, 2, 3,
    ])
  })

  it('reports its own death', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const engine = use.use(await startMongo({ provider: 'native' }))
    process.kill(engine.pid!, 'SIGKILL')
    await vi.waitFor(() => expect(engine.state()).toBe('died'), 10_000)
    expect(engine.pid).toBeUndefined()
    await engine.restart()
    expect(engine.state()).toBe('running')
    expect(await count(engine, 1)).toBe(1)
  })
})
