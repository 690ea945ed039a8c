import { randomUUID } from 'node:crypto'
import type { TimeReservations } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { testDeadline } from './fixtures.ts'
import { type Open, portSuite } from './suite.ts'

const NOW = 1_700_000_000_000
const WINDOW = { ms: 4_000 }
let workers = 0
/** A worker number of its own for each test, because the tests share one store. */
const aWorker = (): number => {
  workers += 1
  return workers
}

/** The contract of TimeReservations. */
export function testTimeReservations(name: string, open: Open<TimeReservations>): void {
  portSuite(`${name} as a store of time reservations`, open, (store) => {
    const reserve = (worker: number, owner: string, at: number) =>
      store().reserve(worker, { owner, at, ...WINDOW }, testDeadline())

    describe('a reservation', () => {
      it('starts at the owner’s clock if nothing was reserved before', async () => {
        expect(await reserve(aWorker(), 'a', NOW)).toEqual({
          owner: 'a',
          from: NOW,
          until: NOW + 4_000,
        })
      })

      it('starts for a new owner where the last one ends, even if the owner’s clock is behind', async () => {
        const worker = aWorker()
        await reserve(worker, 'a', NOW)
        expect(await reserve(worker, 'b', NOW - 600_000)).toMatchObject({
          from: NOW + 4_000,
          until: NOW + 8_000,
        })
        expect(await reserve(worker, 'a', NOW)).toMatchObject({ from: NOW + 8_000 })
        expect(await reserve(worker, 'c', NOW + 60_000)).toMatchObject({ from: NOW + 60_000 })
      })

      it('grows for its owner, and a repeated request never shrinks it', async () => {
        const worker = aWorker()
        await reserve(worker, 'a', NOW)
        expect(await reserve(worker, 'a', NOW + 2_000)).toMatchObject({
          from: NOW,
          until: NOW + 6_000,
        })
        expect(await reserve(worker, 'a', NOW + 2_000)).toMatchObject({
          from: NOW,
          until: NOW + 6_000,
        })
        expect(await reserve(worker, 'a', NOW - 60_000)).toMatchObject({
          from: NOW,
          until: NOW + 6_000,
        })
      })

      it('is independent of other workers', async () => {
        const [first, other] = [aWorker(), aWorker()]
        await reserve(first, 'a', NOW + 600_000)
        expect(await reserve(other, 'b', NOW)).toMatchObject({ from: NOW })
      })

      it('shares no millisecond with those of concurrent owners', async () => {
        const worker = aWorker()
        const held = await Promise.all(
          Array.from({ length: 20 }, (_, i) => reserve(worker, randomUUID(), NOW + i)),
        )
        const inOrder = held.toSorted((a, b) => a.from - b.from)
        for (const [i, { from }] of inOrder.entries())
          if (i > 0) expect(from).toBeGreaterThanOrEqual(inOrder[i - 1]!.until)
      })
    })

    describe('released time', () => {
      it('goes to the next owner', async () => {
        const worker = aWorker()
        await reserve(worker, 'a', NOW)
        await store().release(worker, 'a', NOW + 10, testDeadline())
        expect(await reserve(worker, 'b', NOW)).toMatchObject({ from: NOW + 10 })
      })

      it('can be released only by its owner, and only as far as it was reserved', async () => {
        const worker = aWorker()
        await store().release(worker, 'a', NOW, testDeadline())
        await reserve(worker, 'a', NOW)
        await reserve(worker, 'b', NOW)
        await store().release(worker, 'a', NOW + 10, testDeadline())
        await store().release(worker, 'b', NOW + 60_000, testDeadline())
        expect(await reserve(worker, 'c', NOW)).toMatchObject({ from: NOW + 8_000 })
      })
    })
  })
}
