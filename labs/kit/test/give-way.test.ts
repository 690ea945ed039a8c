import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'
import { GIVES_WAY, standBehind } from '../src/run/give-way.ts'

/** Says that it is there, and once more when a thread that it starts at a word runs. */
const PROGRAM = `
process.stdin.once('data', () => new (require('node:worker_threads').Worker)('setInterval(() => {}, 1000)', { eval: true })
  .once('online', () => console.log('threaded')))
console.log('there')`

const children: ChildProcess[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

async function start(detached: boolean): Promise<ChildProcess & { pid: number }> {
  const child = spawn(process.execPath, ['-e', PROGRAM], { detached, stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout!, 'data')
  return child as ChildProcess & { pid: number }
}

const threadsOf = (pid: number): number[] => readdirSync(`/proc/${pid}/task`).map(Number)
const sessionOf = (pid: number | 'self'): string => readFileSync(`/proc/${pid}/autogroup`, 'utf8').trim()
const grouped = existsSync('/proc/self/autogroup')

describe('a process that stands behind the generator', () => {
  it('gives way to us with each of its threads, those included that it starts later', async () => {
    const child = await start(true)
    const ours = getPriority()
    await standBehind(child.pid)
    expect(getPriority(child.pid)).toBe(GIVES_WAY)
    expect(getPriority()).toBe(ours)
    child.stdin!.write('now')
    await once(child.stdout!, 'data')
    if (process.platform === 'linux')
      expect(new Set(threadsOf(child.pid).map((thread) => getPriority(thread)))).toEqual(new Set([GIVES_WAY]))
  })

  it.runIf(grouped)('takes its session along, and never ours', async () => {
    const [apart, beside] = [await start(true), await start(false)]
    const ours = sessionOf('self')
    await Promise.all([standBehind(apart.pid), standBehind(beside.pid)])
    expect(sessionOf(apart.pid)).toMatch(new RegExp(`nice ${GIVES_WAY}$`))
    expect(sessionOf(beside.pid)).toBe(ours)
    expect(getPriority(beside.pid)).toBe(GIVES_WAY)
  })

  it('may have ended', async () => {
    const child = await start(true)
    child.kill('SIGKILL')
    await once(child, 'close')
    await standBehind(child.pid)
  })
})
