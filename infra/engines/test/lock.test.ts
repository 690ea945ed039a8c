import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withLock } from '../src/lock.ts'
import { emptyCache, otherProcess } from './machine.ts'

describe('a lock', () => {
  it('lets one process in at a time', async () => {
    await using use = new AsyncDisposableStack()
    const file = join(await emptyCache(use), 'count')
    await writeFile(file, '0')
    const counters = await Promise.all(
      [1, 2, 3].map(() => otherProcess(use, 'counter.ts', file, '20')),
    )
    expect(await Promise.all(counters.map(({ ended }) => ended))).toEqual(
      [1, 2, 3].map(() => ({ code: 0, signal: null })),
    )
    expect(await readFile(file, 'utf8')).toBe('60')
  })

  it('says once that it waits, and is had as soon as its holder is killed', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const holder = await otherProcess(use, 'lock-holder.ts', 'tool')
    let waits = 0
    const onWait = (): void => {
      waits += 1
      holder.kill('SIGKILL')
    }
    expect(await withLock('tool', { onWait, timeoutMs: 20_000 }, async () => 'mine')).toBe('mine')
    expect(waits).toBe(1)
    expect(await holder.ended).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('gives up after its time, and says which lock it was', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await otherProcess(use, 'lock-holder.ts', 'tool')
    const never = withLock('tool', { timeoutMs: 200 }, async () => 'mine')
    await expect(never).rejects.toMatchObject({
      code: 'LOCK_TIMED_OUT',
      message: expect.stringContaining('the lock tool'),
    })
  })

  it('is nothing to those who want another one', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await otherProcess(use, 'lock-holder.ts', 'tool')
    expect(await withLock('other', { timeoutMs: 200 }, async () => 'mine')).toBe('mine')
  })

  it('is let go of when the work fails', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await expect(withLock('tool', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock('tool', { timeoutMs: 200 }, async () => 'mine')).toBe('mine')
  })
})
