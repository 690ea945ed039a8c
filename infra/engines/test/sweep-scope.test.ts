import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { identify, isAlive, type ProcessIdentity } from '../src/process/identity.ts'
import { type RegisteredProcess, spawnRegistered } from '../src/process/registered.ts'
import { planSweep, sweep } from '../src/registry/sweep.ts'
import { emptyCache, writeOrphan } from './helpers.ts'

/** Starts a process that this one owns and this checkout registers. */
async function startOwned(use: AsyncDisposableStack, role: string): Promise<RegisteredProcess> {
  const started = await spawnRegistered({
    role,
    text: `a ${role}`,
    onExit: 'kill',
    command: process.execPath,
    args: ['-e', 'setInterval(() => {}, 60_000)'],
    spawn: { stdio: 'ignore' },
  })
  use.defer(async () => {
    started.child.kill('SIGKILL')
    await started.registration.close()
  })
  return started
}

/** Starts a process and the entry that a living owner in another checkout would have written. */
async function startElsewhere(
  use: AsyncDisposableStack,
  cache: string,
  checkout: string | undefined,
): Promise<ProcessIdentity> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 60_000)'], {
    stdio: 'ignore',
  })
  use.defer(async () => void child.kill('SIGKILL'))
  await once(child, 'spawn')
  const identity = (await identify(child.pid!))!
  const owner = (await identify(process.pid))!
  await writeOrphan(cache, 'stage-1', { text: 'a stage', owner, process: identity, checkout })
  return identity
}

const alive = (...started: RegisteredProcess[]): Promise<boolean[]> =>
  Promise.all(started.map(({ identity }) => isAlive(identity)))

describe('a sweep of this checkout', () => {
  it('ends what this checkout started, although its owner runs', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const stage = await startOwned(use, 'stage')
    const plan = await planSweep({ checkout: true })
    expect(plan).toMatchObject({ ended: [`a stage (process ${stage.identity.pid})`], spared: [] })
    expect(await alive(stage)).toEqual([true])
    const report = await sweep({ checkout: true })
    expect(report).toMatchObject({ ended: plan.ended, problems: [] })
    expect(report.removed.toSorted()).toEqual(plan.removed.toSorted())
    expect(await alive(stage)).toEqual([false])
  })

  it.each([
    { what: 'another checkout', checkout: '/somewhere/threshold/', why: '/somewhere/threshold/' },
    { what: 'an unknown checkout', checkout: undefined, why: 'another checkout' },
  ])('spares the processes of $what, which all ends', async ({ checkout, why }) => {
    await using use = new AsyncDisposableStack()
    const cache = await emptyCache(use)
    const identity = await startElsewhere(use, cache, checkout)
    expect(await sweep({ checkout: true })).toEqual({ ended: [], removed: [], problems: [] })
    expect(await isAlive(identity)).toBe(true)
    const { spared } = await planSweep({ checkout: true })
    expect(spared).toEqual([`a stage: started by ${why}`])
    await sweep({ all: true })
    expect(await isAlive(identity)).toBe(false)
  })

  it('spares docs that are served, and all ends them', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const docs = await startOwned(use, 'docs')
    expect(await sweep({ checkout: true })).toEqual({ ended: [], removed: [], problems: [] })
    expect((await planSweep({ checkout: true })).spared).toEqual([
      'a docs: the docs are being read',
    ])
    expect(await alive(docs)).toEqual([true])
    await sweep({ all: true, graceMs: 0 })
    expect(await alive(docs)).toEqual([false])
  })
})
