import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { identify } from '../src/process/identity.ts'
import { isPortFree, somethingListens } from '../src/process/ports.ts'
import { registerProcess } from '../src/run/registry.ts'
import type { SweepReport } from '../src/run/sweep.ts'
import { type OtherProcess, otherProcess, ownCache } from './machine.ts'

/** Another process starts an engine; what it started, by its own words. */
async function owner(use: AsyncDisposableStack, ...leave: string[]) {
  const process = await otherProcess(use, 'owner.ts', ...leave)
  const { uri, pid } = JSON.parse(process.said) as { uri: string; pid: number }
  return { process, pid, port: Number(new URL(uri).port) }
}

const runs = async (cache: string): Promise<string[]> => await readdir(join(cache, 'run')).catch(() => [])

async function sweptElsewhere(use: AsyncDisposableStack, ...what: string[]): Promise<SweepReport> {
  const sweeper: OtherProcess = await otherProcess(use, 'sweeper.ts', ...what)
  return JSON.parse(sweeper.said)
}

describe('an engine whose owner is killed', () => {
  it('runs on, until any other process sweeps: then process, port and data are gone, and a second sweep finds nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { process, pid, port } = await owner(use)
    process.kill('SIGKILL')
    await process.ended
    expect(await somethingListens(port)).toBe(true)

    const report = await sweptElsewhere(use)
    expect(report.ended).toEqual([expect.stringContaining(`(process ${pid})`)])
    expect(report.problems).toEqual([])
    expect(await identify(pid)).toBeUndefined()
    expect(await isPortFree(port)).toBe(true)
    expect(await runs(cache)).toEqual([])
    expect(await sweptElsewhere(use)).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('is ended by the next engine that starts, without anybody asking', async () => {
    await using use = new AsyncDisposableStack()
    await ownCache(use)
    const first = await owner(use)
    first.process.kill('SIGKILL')
    await first.process.ended
    const second = await owner(use)
    expect(await identify(first.pid)).toBeUndefined()
    expect(await somethingListens(second.port)).toBe(true)
  })
})

describe('an engine whose owner lives', () => {
  it('is left alone by a sweep, and ended by a sweep of everything', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const { pid, port } = await owner(use)
    expect(await sweptElsewhere(use)).toEqual({ ended: [], removed: [], problems: [] })
    expect(await somethingListens(port)).toBe(true)
    expect((await sweptElsewhere(use, 'all')).ended).toEqual([expect.stringContaining(`(process ${pid})`)])
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
    await vi.waitFor(async () => expect(await identify(pid)).toBeUndefined(), 10_000)
    expect(await isPortFree(port)).toBe(true)
    // At most the entry is left, where the engine was still writing: the next sweep takes that.
    await sweptElsewhere(use)
    expect(await runs(cache)).toEqual([])
  })
})

describe('a process that somebody else started', () => {
  it('is under the same care once it is registered', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await ownCache(use)
    const other = await otherProcess(use, 'lock-holder.ts', 'anything')
    const run = await registerProcess({ role: 'generator', pid: other.identity.pid })
    expect(existsSync(run.dir)).toBe(true)
    expect((await sweptElsewhere(use, 'all')).ended).toEqual([`generator (process ${other.identity.pid})`])
    expect((await other.ended).signal).toBe('SIGTERM')
    expect(await runs(cache)).toEqual([])
  })
})
