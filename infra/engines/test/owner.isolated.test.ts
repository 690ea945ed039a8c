import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { identify } from '../src/process/identity.ts'
import { isListening, isPortFree } from '../src/process/ports.ts'
import { register, registerProcess } from '../src/registry/registry.ts'
import type { SweepReport } from '../src/registry/sweep.ts'
import { killWithWatchers, watchersOf } from '../src/testing/unwatched.ts'
import { emptyCache, type OtherProcess, otherProcess, ownCache } from './machine.ts'

const WITHIN = { timeout: 10_000, interval: 50 }

/** Another process starts an engine; what it started, by its own words. */
async function owner(use: AsyncDisposableStack, ...leave: string[]) {
  const process = await otherProcess(use, 'owner.ts', ...leave)
  const { uri, pid } = JSON.parse(process.said) as { uri: string; pid: number }
  return { process, pid, port: Number(new URL(uri).port) }
}

const runs = async (cache: string): Promise<string[]> =>
  await readdir(join(cache, 'run')).catch(() => [])

async function sweptElsewhere(use: AsyncDisposableStack, ...what: string[]): Promise<SweepReport> {
  const sweeper: OtherProcess = await otherProcess(use, 'sweeper.ts', ...what)
  return JSON.parse(sweeper.said)
}

/** Process, port, files and entries, without any other process that sweeps. */
async function leavesNothing(
  cache: string,
  { pid, port }: { pid: number; port: number },
): Promise<void> {
  await vi.waitFor(async () => {
    expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    expect(await runs(cache)).toEqual([])
  }, WITHIN)
}

describe('an engine whose owner is killed', () => {
  it('is ended by the watcher, with its port and its files', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { process, ...engine } = await owner(use)
    const [watcher] = await watchersOf(process.identity.pid)
    process.kill('SIGKILL')
    await leavesNothing(cache, engine)
    // The watcher leaves last.
    await vi.waitFor(async () => expect(await identify(watcher!)).toBeUndefined(), WITHIN)
    expect(await sweptElsewhere(use)).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('is ended by a second watcher when the first was killed', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { process: other, ...engine } = await owner(use)
    const [first] = await watchersOf(other.identity.pid)
    process.kill(first!, 'SIGKILL')
    await vi.waitFor(async () => {
      const [second] = await watchersOf(other.identity.pid)
      expect(second).toBeDefined()
      expect(second).not.toBe(first)
    }, WITHIN)
    other.kill('SIGKILL')
    await leavesNothing(cache, engine)
  })

  it('runs on when the watcher is killed too, until any other process sweeps; a second sweep finds nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { process, pid, port } = await owner(use)
    await killWithWatchers(process.identity.pid)
    await process.ended
    expect(await isListening(port)).toBe(true)

    const report = await sweptElsewhere(use)
    expect(report.ended).toEqual([expect.stringContaining(`(process ${pid})`)])
    expect(report.problems).toEqual([])
    expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    expect(await runs(cache)).toEqual([])
    expect(await sweptElsewhere(use)).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('is then ended by the next engine that starts', async () => {
    await using use = new AsyncDisposableStack()
    await ownCache(use)
    const first = await owner(use)
    await killWithWatchers(first.process.identity.pid)
    await first.process.ended
    const second = await owner(use)
    expect(await identify(first.pid)).toBeUndefined()
    expect(await isListening(second.port)).toBe(true)
  })
})

describe('a process', () => {
  it('whose owner is killed between the start and the entry of its id is ended all the same', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const other = await otherProcess(use, 'unnoted.ts')
    const pid = Number(other.said)
    expect(await identify(pid)).toBeDefined()
    other.kill('SIGKILL')
    await vi.waitFor(async () => {
      expect(await identify(pid)).toBeUndefined()
      expect(await runs(cache)).toEqual([])
    }, WITHIN)
  })

  it('is watched while it has something open, and by nobody afterwards', async () => {
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
    await vi.waitFor(async () => expect(await watchers()).toEqual([]), WITHIN)
  })

  it('is not held by its watcher: its output ends with it', async () => {
    await using use = new AsyncDisposableStack()
    await ownCache(use)
    const { process } = await owner(use)
    process.kill('SIGKILL')
    expect(await process.closed).toBe('SIGKILL')
  })
})

describe('an engine whose owner lives', () => {
  it('is left alone by a sweep, and ended by a sweep of everything', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { pid, port } = await owner(use)
    expect(await sweptElsewhere(use)).toEqual({ ended: [], removed: [], problems: [] })
    expect(await isListening(port)).toBe(true)
    expect((await sweptElsewhere(use, 'all')).ended).toEqual([
      expect.stringContaining(`(process ${pid})`),
    ])
    expect(await isPortFree(port)).toBe(true)
    expect(await runs(cache)).toEqual([])
  })
})

describe('an engine whose owner leaves without stopping it', () => {
  it.each(['exit', 'throw'])('goes with it, data and all: %s', async (leave) => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { process, pid, port } = await owner(use, leave)
    expect((await process.ended).code).toBe(leave === 'exit' ? 0 : 1)
    await leavesNothing(cache, { pid, port })
  })
})

describe('a process that somebody else started', () => {
  it('is under the same care once it is registered', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const other = await otherProcess(use, 'lock-holder.ts', 'anything')
    const run = await registerProcess({ role: 'generator', pid: other.identity.pid })
    expect(existsSync(run.dir)).toBe(true)
    expect((await sweptElsewhere(use, 'all')).ended).toEqual([
      `generator (process ${other.identity.pid})`,
    ])
    expect((await other.ended).signal).toBe('SIGTERM')
    expect(await runs(cache)).toEqual([])
  })
})
