import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { identify } from '../src/process/identity.ts'
import { isListening, isPortFree } from '../src/process/ports.ts'
import { register, registerProcess } from '../src/registry/registry.ts'
import type { SweepReport } from '../src/registry/sweep.ts'
import { killWithWatchers, watchersOf } from '../src/testing/unwatched.ts'
import { cacheWithEngines, emptyCache, type ScriptProcess, startScript } from './helpers.ts'

const TIMEOUT = { timeout: 10_000, interval: 50 }

/** Starts a process that starts an engine, and returns both. */
async function startOwner(use: AsyncDisposableStack, ...exit: string[]) {
  const process = await startScript(use, 'owner.ts', ...exit)
  const { uri, pid } = JSON.parse(process.firstLine) as { uri: string; pid: number }
  return { process, pid, port: Number(new URL(uri).port) }
}

const registryFiles = async (cache: string): Promise<string[]> =>
  await readdir(join(cache, 'run')).catch(() => [])

async function sweepInProcess(use: AsyncDisposableStack, ...args: string[]): Promise<SweepReport> {
  const sweeper: ScriptProcess = await startScript(use, 'sweeper.ts', ...args)
  return JSON.parse(sweeper.firstLine)
}

/** Waits until process, port, files and entries are gone, without another process that sweeps. */
async function expectNothingLeft(
  cache: string,
  { pid, port }: { pid: number; port: number },
): Promise<void> {
  await vi.waitFor(async () => {
    expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    expect(await registryFiles(cache)).toEqual([])
  }, TIMEOUT)
}

describe('an engine whose owner is killed', () => {
  it('is ended by the watcher, which also removes its files', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const { process, ...engine } = await startOwner(use)
    const [watcher] = await watchersOf(process.identity.pid)
    process.kill('SIGKILL')
    await expectNothingLeft(cache, engine)
    // The watcher exits last.
    await vi.waitFor(async () => expect(await identify(watcher!)).toBeUndefined(), TIMEOUT)
    expect(await sweepInProcess(use)).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('is ended by a second watcher if the first was killed', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const { process: other, ...engine } = await startOwner(use)
    const [first] = await watchersOf(other.identity.pid)
    process.kill(first!, 'SIGKILL')
    await vi.waitFor(async () => {
      const [second] = await watchersOf(other.identity.pid)
      expect(second).toBeDefined()
      expect(second).not.toBe(first)
    }, TIMEOUT)
    other.kill('SIGKILL')
    await expectNothingLeft(cache, engine)
  })

  it('keeps running if the watcher is killed too, until another process sweeps', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const { process, pid, port } = await startOwner(use)
    await killWithWatchers(process.identity.pid)
    await process.exited
    expect(await isListening(port)).toBe(true)

    const report = await sweepInProcess(use)
    expect(report.ended).toEqual([expect.stringContaining(`(process ${pid})`)])
    expect(report.problems).toEqual([])
    expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    expect(await registryFiles(cache)).toEqual([])
    expect(await sweepInProcess(use)).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('is then ended by the start of the next engine', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const first = await startOwner(use)
    await killWithWatchers(first.process.identity.pid)
    await first.process.exited
    const second = await startOwner(use)
    expect(await identify(first.pid)).toBeUndefined()
    expect(await isListening(second.port)).toBe(true)
  })
})

describe('a process', () => {
  it('is ended even if its owner is killed before it registers the id', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const other = await startScript(use, 'unregistered-child.ts')
    const pid = Number(other.firstLine)
    expect(await identify(pid)).toBeDefined()
    other.kill('SIGKILL')
    await vi.waitFor(async () => {
      expect(await identify(pid)).toBeUndefined()
      expect(await registryFiles(cache)).toEqual([])
    }, TIMEOUT)
  })

  it('has a watcher only while it has registrations', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const before = await watchersOf(process.pid)
    const open = [await register({ role: 'ports' }), await register({ role: 'ports' })]
    const watchers = async () =>
      (await watchersOf(process.pid)).filter((pid) => !before.includes(pid))
    expect(await watchers()).toHaveLength(1)
    await open[0]?.close()
    expect(await watchers()).toHaveLength(1)
    await open[1]?.close()
    await vi.waitFor(async () => expect(await watchers()).toEqual([]), TIMEOUT)
  })

  it('closes its output when it dies, since its watcher does not hold it', async () => {
    await using use = new AsyncDisposableStack()
    await cacheWithEngines(use)
    const { process } = await startOwner(use)
    process.kill('SIGKILL')
    expect(await process.closed).toBe('SIGKILL')
  })
})

describe('an engine whose owner is alive', () => {
  it('is ended only by a sweep of everything', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const { pid, port } = await startOwner(use)
    expect(await sweepInProcess(use)).toEqual({ ended: [], removed: [], problems: [] })
    expect(await isListening(port)).toBe(true)
    expect((await sweepInProcess(use, 'all')).ended).toEqual([
      expect.stringContaining(`(process ${pid})`),
    ])
    expect(await isPortFree(port)).toBe(true)
    expect(await registryFiles(cache)).toEqual([])
  })
})

describe('an engine whose owner exits without stopping it', () => {
  it.each(['exit', 'throw'])('ends with it, and its data is removed: %s', async (exit) => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const { process, pid, port } = await startOwner(use, exit)
    expect((await process.exited).code).toBe(exit === 'exit' ? 0 : 1)
    await expectNothingLeft(cache, { pid, port })
  })
})

describe('a process that was started elsewhere', () => {
  it('is ended by a sweep of everything once it is registered', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await cacheWithEngines(use)
    const other = await startScript(use, 'lock-holder.ts', 'anything')
    const registration = await registerProcess({ role: 'generator', pid: other.identity.pid })
    expect(existsSync(registration.dir)).toBe(true)
    expect((await sweepInProcess(use, 'all')).ended).toEqual([
      `generator (process ${other.identity.pid})`,
    ])
    expect((await other.exited).signal).toBe('SIGTERM')
    expect(await registryFiles(cache)).toEqual([])
  })
})
