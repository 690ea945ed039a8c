import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { keyedRwLock } from '../src/index.ts'

it('overlaps shared work, and exclusive work with nothing on the same key', () =>
  fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(
        fc.record({ key: fc.constantFrom('a', 'b'), kind: fc.constantFrom('shared', 'exclusive') }),
        { maxLength: 20 },
      ),
      async (scheduler, works) => {
        const lock = keyedRwLock()
        const inside = new Map<string, string[]>()
        const done = works.map(({ key, kind }) =>
          lock[kind](key, async () => {
            const now = [...(inside.get(key) ?? []), kind]
            inside.set(key, now)
            if (now.includes('exclusive')) expect(now).toEqual(['exclusive'])
            await scheduler.schedule(Promise.resolve())
            inside.get(key)!.splice(inside.get(key)!.indexOf(kind), 1)
          }),
        )
        await scheduler.waitFor(Promise.all(done))
      },
    ),
  ))

it('runs shared work together, and shared work behind exclusive work after it', async () => {
  const lock = keyedRwLock()
  const log: string[] = []
  const { promise: open, resolve } = Promise.withResolvers<void>()
  const first = ['shared 1', 'shared 2'].map((name) =>
    lock.shared('k', () => {
      log.push(name)
      return open
    }),
  )
  const alone = lock.exclusive('k', async () => void log.push('exclusive'))
  const after = lock.shared('k', async () => void log.push('after'))
  await lock.shared('other', async () => void log.push('other key'))
  expect(log).toEqual(['shared 1', 'shared 2', 'other key'])
  resolve()
  await Promise.all([...first, alone, after])
  expect(log.slice(3)).toEqual(['exclusive', 'after'])
})

it('frees the memory of finished shared work while the key stays busy', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heap = (): number => {
    collect()
    return process.memoryUsage().heapUsed
  }
  const lock = keyedRwLock()
  let previous = lock.shared('k', async () => {})
  const pass = async (works: number): Promise<void> => {
    for (let i = 0; i < works; i++) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const next = lock.shared('k', () => promise)
      await previous // it ends while the next one is running
      previous = next
      resolve()
    }
  }
  await pass(1_000)
  const before = heap()
  await pass(100_000)
  expect(heap() - before).toBeLessThan(3_000_000)
  await previous
})

it('releases the key when the work fails', async () => {
  const lock = keyedRwLock()
  await expect(lock.exclusive('k', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await lock.shared('k', async () => 'yes')).toBe('yes')
})
