import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { identify, isAlive } from '../src/process/identity.ts'
import { TAG_VARIABLE } from '../src/process/process-tags.ts'
import { register, registerProcess } from '../src/registry/registry.ts'
import { endOrphans, type SweepReport, sweep } from '../src/registry/sweep.ts'
import { DEAD_OWNER, emptyCache, startScript, writeOrphan } from './helpers.ts'

async function startProcess(
  use: AsyncDisposableStack,
  env: Record<string, string> = {},
  ...args: string[]
) {
  const script = "console.log('up'); setInterval(() => {}, 60_000)"
  const child: ChildProcess = spawn(process.execPath, ['-e', script, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env },
  })
  use.defer(async () => void child.kill('SIGKILL'))
  await once(child.stdout!, 'data')
  return (await identify(child.pid!))!
}

const registryFiles = async (cache: string): Promise<string[]> => await readdir(join(cache, 'run'))

describe('a sweep', () => {
  it('ends the process of a dead owner and removes its files; a second one finds nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await startProcess(use)
    const dir = await writeOrphan(cache, 'mongodb-1', { process: child })
    const report = await sweep()
    expect(report.ended).toEqual([`an engine (process ${child.pid})`])
    expect([...report.removed].sort()).toEqual([dir, `${dir}.json`])
    expect(report.problems).toEqual([])
    expect(await isAlive(child)).toBe(false)
    expect(await registryFiles(cache)).toEqual([])
    expect(await sweep()).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('before a start reports what it ended', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await startProcess(use)
    await writeOrphan(cache, 'mongodb-1', { process: child })
    const steps: string[] = []
    await endOrphans(({ text }) => steps.push(text))
    await endOrphans(({ text }) => steps.push(text))
    expect(steps).toEqual([
      `ended a leftover of an earlier command: an engine (process ${child.pid})`,
    ])
  })

  it('never ends a process that has reused an id', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const innocent = await startProcess(use)
    await writeOrphan(cache, 'mongodb-1', {
      process: { pid: innocent.pid, start: 'before' },
      group: true,
    })
    const report = await sweep()
    expect(report.ended).toEqual([])
    expect(await isAlive(innocent)).toBe(true)
    expect(await registryFiles(cache)).toEqual([])
  })

  it('counts an owner as dead if another process has its id', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await writeOrphan(cache, 'mongodb-1', {
      owner: { pid: (await startProcess(use)).pid, start: 'before' },
    })
    await sweep()
    expect(await registryFiles(cache)).toEqual([])
  })

  it('finds an unregistered process by its tag or by its folder', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const tagged = await startProcess(use, { [TAG_VARIABLE]: 'stage-1' })
    const named = await startProcess(use, {}, join(cache, 'run', 'mongodb-1', 'data'))
    const other = await startProcess(
      use,
      { [TAG_VARIABLE]: 'stage-10' },
      join(cache, 'run', 'mongodb-10', 'data'),
    )
    await writeOrphan(cache, 'stage-1')
    await writeOrphan(cache, 'mongodb-1')
    expect((await sweep()).ended).toHaveLength(2)
    expect(await Promise.all([tagged, named, other].map(isAlive))).toEqual([false, false, true])
  })

  it('spares processes with a living owner, unless it sweeps everything', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await startProcess(use)
    const registration = await registerProcess({ role: 'stage', text: 'stage 1', pid: child.pid })
    expect(await sweep()).toEqual({ ended: [], removed: [], problems: [] })
    expect(await isAlive(child)).toBe(true)
    expect((await sweep({ all: true })).ended).toEqual([`stage 1 (process ${child.pid})`])
    expect(await isAlive(child)).toBe(false)
    expect(await registryFiles(cache)).toEqual([])
    await registration.close()
  })

  it('removes folders without an entry, truncated entries, and drafts of dead writers', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await mkdir(join(cache, 'run', 'alone-1'), { recursive: true })
    await writeFile(join(cache, 'run', 'short-1.json'), '{"v":1,"id":"short')
    await writeFile(join(cache, 'run', `stage-1.json.${DEAD_OWNER.pid}.draft`), '{')
    await writeFile(join(cache, 'run', `stage-2.json.${process.pid}.draft`), '{')
    expect((await sweep()).problems).toEqual([])
    expect(await registryFiles(cache)).toEqual([`stage-2.json.${process.pid}.draft`])
  })

  it('may run in several processes at once', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const children = await Promise.all([1, 2, 3].map(() => startProcess(use)))
    for (const [index, child] of children.entries())
      await writeOrphan(cache, `stage-${index}`, { process: child })
    const sweepers = await Promise.all([1, 2, 3].map(() => startScript(use, 'sweeper.ts')))
    const reports = sweepers.map(({ firstLine }): SweepReport => JSON.parse(firstLine))
    expect(reports.flatMap(({ problems }) => problems)).toEqual([])
    expect(await Promise.all(children.map(isAlive))).toEqual([false, false, false])
    expect(await registryFiles(cache)).toEqual([])
  })

  it('does nothing without a registry', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    expect(await sweep({ all: true })).toEqual({ ended: [], removed: [], problems: [] })
    expect(existsSync(join(cache, 'run'))).toBe(false)
  })
})

describe('a registration', () => {
  it('has its own folder, which is removed with the entry', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const registration = await register({ role: 'generator', ports: [20_001] })
    expect(registration.id).toMatch(/^generator-[0-9a-f]{12}$/)
    await writeFile(join(registration.dir, 'file'), 'x')
    expect(await registryFiles(cache)).toHaveLength(2)
    await registration.close()
    await registration.close()
    expect(await registryFiles(cache)).toEqual([])
  })

  it('is refused for a process that has exited', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await expect(registerProcess({ role: 'stage', pid: DEAD_OWNER.pid })).rejects.toMatchObject({
      code: 'PROCESS_GONE',
    })
  })
})
