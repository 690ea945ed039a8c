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
import { DEAD, emptyCache, leaveRun, otherProcess } from './machine.ts'

async function stranger(
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

const leftIn = async (cache: string): Promise<string[]> => await readdir(join(cache, 'run'))

describe('a sweep', () => {
  it('ends the process of a dead owner, removes its files, and says both; a second one finds nothing', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await stranger(use)
    const dir = await leaveRun(cache, 'mongodb-1', { process: child })
    const report = await sweep()
    expect(report.ended).toEqual([`an engine (process ${child.pid})`])
    expect([...report.removed].sort()).toEqual([dir, `${dir}.json`])
    expect(report.problems).toEqual([])
    expect(await isAlive(child)).toBe(false)
    expect(await leftIn(cache)).toEqual([])
    expect(await sweep()).toEqual({ ended: [], removed: [], problems: [] })
  })

  it('before a start tells what it ended', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await stranger(use)
    await leaveRun(cache, 'mongodb-1', { process: child })
    const told: string[] = []
    await endOrphans(({ text }) => told.push(text))
    await endOrphans(({ text }) => told.push(text))
    expect(told).toEqual([
      `ended a leftover of an earlier command: an engine (process ${child.pid})`,
    ])
  })

  it('never ends a process that has the id of one that is gone', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const innocent = await stranger(use)
    await leaveRun(cache, 'mongodb-1', {
      process: { pid: innocent.pid, start: 'before' },
      group: true,
    })
    const report = await sweep()
    expect(report.ended).toEqual([])
    expect(await isAlive(innocent)).toBe(true)
    expect(await leftIn(cache)).toEqual([])
  })

  it('takes an owner for dead whose id another process has now', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await leaveRun(cache, 'mongodb-1', {
      owner: { pid: (await stranger(use)).pid, start: 'before' },
    })
    await sweep()
    expect(await leftIn(cache)).toEqual([])
  })

  it('finds what was started before its id was written down: by its mark, or by its folder', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const marked = await stranger(use, { [TAG_VARIABLE]: 'stage-1' })
    const named = await stranger(use, {}, join(cache, 'run', 'mongodb-1', 'data'))
    const other = await stranger(
      use,
      { [TAG_VARIABLE]: 'stage-10' },
      join(cache, 'run', 'mongodb-10', 'data'),
    )
    await leaveRun(cache, 'stage-1')
    await leaveRun(cache, 'mongodb-1')
    expect((await sweep()).ended).toHaveLength(2)
    expect(await Promise.all([marked, named, other].map(isAlive))).toEqual([false, false, true])
  })

  it('leaves what has a living owner, unless everything is to go', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const child = await stranger(use)
    const run = await registerProcess({ role: 'stage', text: 'stage 1', pid: child.pid })
    expect(await sweep()).toEqual({ ended: [], removed: [], problems: [] })
    expect(await isAlive(child)).toBe(true)
    expect((await sweep({ all: true })).ended).toEqual([`stage 1 (process ${child.pid})`])
    expect(await isAlive(child)).toBe(false)
    expect(await leftIn(cache)).toEqual([])
    await run.close()
  })

  it('removes what is no entry: a folder alone, a file cut short, the draft of a dead writer', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    await mkdir(join(cache, 'run', 'alone-1'), { recursive: true })
    await writeFile(join(cache, 'run', 'short-1.json'), '{"v":1,"id":"short')
    await writeFile(join(cache, 'run', `stage-1.json.${DEAD.pid}.draft`), '{')
    await writeFile(join(cache, 'run', `stage-2.json.${process.pid}.draft`), '{')
    expect((await sweep()).problems).toEqual([])
    expect(await leftIn(cache)).toEqual([`stage-2.json.${process.pid}.draft`])
  })

  it('may run in several processes at once', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const children = await Promise.all([1, 2, 3].map(() => stranger(use)))
    for (const [index, child] of children.entries())
      await leaveRun(cache, `stage-${index}`, { process: child })
    const sweepers = await Promise.all([1, 2, 3].map(() => otherProcess(use, 'sweeper.ts')))
    const reports = sweepers.map(({ said }): SweepReport => JSON.parse(said))
    expect(reports.flatMap(({ problems }) => problems)).toEqual([])
    expect(await Promise.all(children.map(isAlive))).toEqual([false, false, false])
    expect(await leftIn(cache)).toEqual([])
  })

  it('does not mind that there never was anything', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    expect(await sweep({ all: true })).toEqual({ ended: [], removed: [], problems: [] })
    expect(existsSync(join(cache, 'run'))).toBe(false)
  })
})

describe('a run', () => {
  it('has a folder of its own, which goes with its entry', async () => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const run = await register({ role: 'generator', ports: [20_001] })
    expect(run.id).toMatch(/^generator-[0-9a-f]{12}$/)
    await writeFile(join(run.dir, 'file'), 'x')
    expect(await leftIn(cache)).toHaveLength(2)
    await run.close()
    await run.close()
    expect(await leftIn(cache)).toEqual([])
  })

  it('of a process that has ended cannot be opened', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await expect(registerProcess({ role: 'stage', pid: DEAD.pid })).rejects.toMatchObject({
      code: 'PROCESS_GONE',
    })
  })
})
