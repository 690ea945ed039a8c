import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { admission } from '../../src/gateway/admission.ts'

it('starts no more sessions in a tenth of a second than the rate allows', async () => {
  const admit = admission(100)
  const startedAt: number[] = []
  const start = async (): Promise<void> => void startedAt.push(performance.now())
  await Promise.all(Array.from({ length: 45 }, () => admit('identify', start)))
  expect(startedAt).toHaveLength(45)
  // However busy the machine is, five windows of at most ten sessions take four intervals.
  expect(startedAt.at(-1)! - startedAt[0]!).toBeGreaterThan(350)
})

it('lets sessions that go on before those that begin', async () => {
  const admit = admission(10)
  const order: string[] = []
  const starts = (['identify', 'identify', 'resume', 'identify', 'resume'] as const).map((kind) =>
    admit(kind, async () => void order.push(kind)),
  )
  await Promise.all(starts)
  // The first one begins at once, since none is waiting.
  expect(order).toEqual(['identify', 'resume', 'resume', 'identify', 'identify'])
})

it('goes on after a start that fails, and tells who asked for it', async () => {
  const admit = admission()
  const failing = admit('identify', async () => {
    await delay(1)
    throw new Error('no such guild')
  })
  await expect(failing).rejects.toThrow('no such guild')
  expect(await admit('resume', async () => 'resumed')).toBe('resumed')
})
