import { newId, testDeadline } from '@threshold/conformance/ports'
import { iterations } from '@threshold/engines/testing'
import { messageKey } from '@threshold/migration'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type FlakyMove,
  fullMessage,
  OPERATIONS,
  openFlakyMove,
  reactionTo,
} from './flaky-replica.ts'

const use = new AsyncDisposableStack()
let move: FlakyMove
beforeAll(async () => {
  move = await openFlakyMove(use, 'dual-write')
})
afterAll(() => use.disposeAsync())

const operations = fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 6, size: 'max' })

describe('a backfill that reads a message and writes it later', { timeout: 120_000 }, () => {
  it('undoes nothing that happened before, in between or after', () =>
    fc.assert(
      fc.asyncProperty(operations, fc.nat(6), fc.nat(6), async (steps, readAt, wait) => {
        const { source, target } = move.fixture.ends
        const message = fullMessage(newId())
        const keys = [messageKey(message)]
        await source.store.insert(message, testDeadline()) // by stage 1, before dual writes
        if (readAt % 2 === 0) await source.store.react(reactionTo(message), testDeadline())
        const read = async (of: typeof keys) => ({
          rows: await source.port.rows(of, testDeadline()),
          reactions: await source.port.reactionsOn(of, testDeadline()),
        })
        let copied = await read([])
        const from = Math.min(readAt, steps.length)
        const to = Math.min(readAt + wait, steps.length)
        for (let at = 0; at <= steps.length + 1; at++) {
          if (at === from) copied = await read(keys)
          if (at === to) {
            const edited = copied.rows.some((row) => row.message.editedAt !== undefined)
            await target.port.put(copied.rows, testDeadline(), { edited })
            await target.port.putReactions(copied.reactions, testDeadline())
          }
          const step = steps[at]
          if (step) await move.act(message, step)
        }
        const [onSource, onTarget] = await move.onBoth(message)
        expect(onTarget).toEqual(onSource)
      }),
      { numRuns: iterations(10, 40) },
    ))

  it('brings back no message that was deleted before, and no reaction that was taken back', async () => {
    const { source, target } = move.fixture.ends
    const message = fullMessage(newId())
    const keys = [messageKey(message)]
    await source.store.insert(message, testDeadline())
    await source.store.react(reactionTo(message), testDeadline())
    const rows = await source.port.rows(keys, testDeadline())
    const reactions = await source.port.reactionsOn(keys, testDeadline())
    await move.act(message, 'unreact')
    await target.port.put(rows, testDeadline(), { edited: false })
    await target.port.putReactions(reactions, testDeadline())
    expect(await target.port.reactionsOn(keys, testDeadline())).toEqual([])
    await move.act(message, 'remove')
    await target.port.put(rows, testDeadline(), { edited: false })
    expect(await target.store.get(message.channelId, [message.id], testDeadline())).toEqual([])
  })
})
