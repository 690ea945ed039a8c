import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withLock } from '../src/lock.ts'
import { emptyCache, startScript } from './helpers.ts'

describe('a lock', () => {
  it('is held by one process at a time', async () => {
    await using use = new AsyncDisposableStack()
    const file = join(await emptyCache(use), 'count')
    await writeFile(file, '0')
    const counters = await Promise.all(
      [1, 2, 3].map(() => startScript(use, 'counter.ts', file, '20')),
    )
    expect(await Promise.all(counters.map(({ exited: ended }) => ended))).toEqual(
      [1, 2, 3].map(() => ({ code: 0, signal: null })),
    )
    expect(await readFile(file, 'utf8')).toBe('60')
  })

  it('reports once that it waits, and is acquired as soon as its holder is killed', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    const holder = await startScript(use, 'lock-holder.ts', 'tool')
    let waits = 0
    const onWait = (): void => {
      waits += 1
      holder.kill('SIGKILL')
    }
    expect(await withLock('tool', { onWait, timeoutMs: 20_000 }, async () => 'done')).toBe('done')
    expect(waits).toBe(1)
    expect(await holder.exited).toEqual({ code: null, signal: 'SIGKILL' })
  })

  it('times out with the name of the lock', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await startScript(use, 'lock-holder.ts', 'tool')
    const never = withLock('tool', { timeoutMs: 200 }, async () => 'done')
    await expect(never).rejects.toMatchObject({
      code: 'LOCK_TIMED_OUT',
      message: expect.stringContaining('the lock tool'),
    })
  })

  it('does not block a lock of another name', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await startScript(use, 'lock-holder.ts', 'tool')
    expect(await withLock('other', { timeoutMs: 200 }, async () => 'done')).toBe('done')
  })

  it('is released when the work fails', async () => {
    await using use = new AsyncDisposableStack()
    await emptyCache(use)
    await expect(withLock('tool', {}, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await withLock('tool', { timeoutMs: 200 }, async () => 'done')).toBe('done')
  })
})
