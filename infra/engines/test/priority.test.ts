import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { childProcesses, LOWERED, lowerPriority } from '../src/process/priority.ts'

/** Prints a line at start, and another one when a thread runs that it starts on input. */
const PROGRAM = `
process.stdin.once('data', () => new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })
  .once('online', () => console.log('threaded')))
console.log('there')`

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function start(detached: boolean): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    detached,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  await once(child.stdout!, 'data')
  return child as ChildProcess & { pid: number }
}

const threadsOf = (pid: number): number[] => readdirSync(`/proc/${pid}/task`).map(Number)
const sessionOf = (pid: number | 'self'): string =>
  readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim()
const grouped = existsSync('/proc/self/autogroup')

describe('a process whose priority is lowered', () => {
  it('has a lower priority than this process in all threads, also later ones', async () => {
    const child = await start(true)
    const ownPriority = getPriority()
    await lowerPriority(child.pid)
    expect(getPriority(child.pid)).toBe(LOWERED)
    expect(getPriority()).toBe(ownPriority)
    child.stdin!.write('now')
    await once(child.stdout!, 'data')
    if (process.platform === 'linux')
      expect(new Set(threadsOf(child.pid).map((thread) => getPriority(thread)))).toEqual(
        new Set([LOWERED]),
      )
  })

  it.runIf(grouped)('lowers its own session, and not that of this process', async () => {
    const [apart, beside] = [await start(true), await start(false)]
    const ownSession = sessionOf('self')
    await Promise.all([lowerPriority(apart.pid), lowerPriority(beside.pid)])
    expect(sessionOf(apart.pid)).toMatch(new RegExp(`nice ${LOWERED}$`))
    expect(sessionOf(beside.pid)).toBe(ownSession)
    expect(getPriority(beside.pid)).toBe(LOWERED)
  })

  it.runIf(process.platform === 'linux')('is listed among the children while it runs', async () => {
    const [apart, beside] = [await start(true), await start(false)]
    expect(await childProcesses()).toEqual(expect.arrayContaining([apart.pid, beside.pid]))
    apart.kill('SIGKILL')
    await once(apart, 'close')
    expect(await childProcesses()).not.toContain(apart.pid)
    expect(await childProcesses()).toContain(beside.pid)
  })

  it('may have exited', async () => {
    const child = await start(true)
    child.kill('SIGKILL')
    await once(child, 'close')
    await lowerPriority(child.pid)
  })
})
