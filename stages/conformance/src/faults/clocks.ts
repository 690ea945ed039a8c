import { compareIds } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { type Author, newAuthors } from './author.ts'
import type { KillableStage } from './processes.ts'
import type { ShiftedClock } from './shifted-clock.ts'

const SUITE_MS = 120_000
const MINUTE_MS = 60_000
/** Concurrent sends, so that many share a millisecond. */
const SENDS = 64
const HOUR_MS = 60 * MINUTE_MS

/** A stage whose clock the test sets. */
export interface ShiftedStage extends AsyncDisposable {
  readonly stage: KillableStage & { tail(): string }
  readonly clock: ShiftedClock
}

/**
 * A stage with a wrong clock works while the clock is off by hours. It refuses to send if the clock
 * is more than a day behind, and reports why.
 */
export function testClocks(name: string, open: () => Promise<ShiftedStage>): void {
  describe(`${name}, with its clock set`, { timeout: SUITE_MS }, () => {
    async function restartWithShift({ stage, clock }: ShiftedStage, ms: number): Promise<void> {
      await stage.kill()
      await clock.shift(ms)
      await stage.restart()
    }

    it('keeps edits and reactions to a message sent while its clock was ten minutes ahead', async () => {
      await using shifted = await open()
      await shifted.clock.shiftRunning(10 * MINUTE_MS)
      const { author } = await newAuthors(shifted.stage.url)
      const { id } = await author.send('first text')
      await author.edit(id, 'edited ahead')
      await author.react(id)
      await author.unreact(id)
      await restartWithShift(shifted, 0)
      const edited = await author.edit(id, 'second text')
      expect(edited.content).toBe('second text')
      expect(Date.parse(edited.edited_timestamp!)).toBeGreaterThanOrEqual(
        Date.parse(edited.timestamp),
      )
      await author.react(id)
      expect(await author.get(id)).toMatchObject({
        content: 'second text',
        reactions: [{ count: 1 }],
      })
      await author.unreact(id)
      expect((await author.get(id)).reactions ?? []).toEqual([])
      await author.react(id)
      await author.remove(id)
      expect(await author.history()).toEqual([])
    })

    it('repeats no id after a kill and a start with the clock set back, and stores each message for its author', async () => {
      await using shifted = await open()
      const { author, other } = await newAuthors(shifted.stage.url)
      const sent: { id: string; content: string; by: Author }[] = []
      const send = async (by: Author, prefix: string): Promise<void> => {
        await Promise.all(
          Array.from({ length: SENDS }, async (_, i) => {
            const content = `${prefix} ${i}`
            sent.push({ ...(await by.send(content)), by })
          }),
        )
      }
      await send(author, 'before')
      await shifted.clock.shiftRunning(12_000)
      await send(author, 'twelve seconds later')
      await restartWithShift(shifted, -2_000)
      await send(other, 'after')
      expect(new Set(sent.map(({ id }) => id)).size).toBe(sent.length)
      const stored = new Map((await author.history()).map((m) => [m.id, m]))
      for (const { id, content, by } of sent)
        expect(stored.get(id)).toMatchObject({ content, author: { id: by.id } })
      const newest = sent.filter(({ by }) => by === other).map(({ id }) => id)
      const oldest = sent.filter(({ by }) => by === author).map(({ id }) => id)
      expect(
        compareIds(newest.toSorted(compareIds)[0]!, oldest.toSorted(compareIds).at(-1)!),
      ).toBeGreaterThan(0)
    })

    it('keeps serving when its clock is set back by a minute, and reports by how much', async () => {
      await using shifted = await open()
      const { stage, clock } = shifted
      const { author } = await newAuthors(stage.url)
      const { id: before } = await author.send('before')
      await clock.shiftRunning(-MINUTE_MS)
      const { id: after } = await author.send('after')
      expect(compareIds(before, after)).toBeLessThan(0)
      expect((await fetch(`${stage.url}/readyz`)).status).toBe(200)
      const behind = /^threshold_clock_behind_seconds\{.*\} ([\d.]+)$/m.exec(
        await (await fetch(`${stage.url}/metrics`)).text(),
      )
      expect(Number(behind?.[1])).toBeGreaterThan(30)
    })

    it('refuses to send while its clock is more than a day behind, reports why, and recovers by itself', async () => {
      await using shifted = await open()
      const { stage, clock } = shifted
      const { author } = await newAuthors(stage.url)
      const { id } = await author.send('before')
      await clock.shiftRunning(-25 * HOUR_MS)
      const refused = await author.trySend('too early')
      expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([503, 60])
      const readiness = () => fetch(`${stage.url}/readyz`)
      await expect.poll(async () => (await readiness()).status).toBe(503)
      expect(await (await readiness()).json()).toMatchObject({
        reasons: { clock: expect.stringMatching(/behind the last id/) },
      })
      expect((await author.edit(id, 'edited')).content).toBe('edited')
      expect(stage.tail()).not.toMatch(/\n\s+at |"stack"/)
      await clock.shiftRunning(0)
      expect((await author.trySend('in time')).status).toBe(200)
      // The result of the checks is up to a second old.
      await expect.poll(async () => (await fetch(`${stage.url}/readyz`)).status).toBe(200)
    })
  })
}
