import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { iterations } from '@threshold/engines/testing'
import { deadlineExceeded, unavailable } from '@threshold/kit'
import type { RecordedIntent } from '@threshold/migration'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type FlakyMove, fullMessage, OPERATIONS, openFlakyMove } from './flaky-replica.ts'

const operations = fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 6, size: 'max' })

describe.each(['dual-write', 'cutover'] as const)(
  'in phase %s, a replica that fails now and then',
  (phase) => {
    const use = new AsyncDisposableStack()
    let move: FlakyMove
    beforeAll(async () => {
      move = await openFlakyMove(use, phase)
    })
    afterAll(() => use.disposeAsync())

    it(
      'fails no write, and equals the primary once the intents are reconciled',
      {
        timeout: 120_000,
      },
      () =>
        fc.assert(
          fc.asyncProperty(operations, fc.infiniteStream(fc.boolean()), async (steps, faults) => {
            const message = fullMessage(newId())
            const { authorId, channelId } = message
            const key = { authorId, channelId, nonce: 'n' }
            move.away = () => faults.next().value === true
            const { outcome } = await move.store.insert(message, testDeadline(), key)
            expect(outcome).toBe('inserted')
            for (const step of steps) await move.act(message, step)
            move.away = () => false
            await move.reconcileAll()
            const [onSource, onTarget] = await move.onBoth(message)
            expect(onTarget).toEqual(onSource)
            // Both know the nonce of a retry, whatever became of its message.
            for (const { store } of Object.values(move.fixture.ends))
              expect(await store.insert(aMessage(channelId), testDeadline(), key)).toMatchObject({
                outcome: 'duplicate',
                message: { id: message.id },
              })
          }),
          { numRuns: iterations(8, 25) },
        ),
    )

    it('is given time for a write that may still arrive, where it would forget a delete', async () => {
      const message = aMessage(newId())
      move.failure = () => deadlineExceeded('the replica')
      move.away = () => true
      await move.store.insert(message, testDeadline())
      move.away = () => false
      move.failure = () => unavailable('the replica')
      const isOfMessage = ({ intent }: RecordedIntent): boolean =>
        'id' in intent && intent.id === message.id
      const all = await move.intents.list(1_000, testDeadline())
      expect(all.filter(isOfMessage)).toHaveLength(1)
      const due = await move.intents.listDue(1_000, testDeadline())
      expect(due.filter(isOfMessage)).toHaveLength(phase === 'cutover' ? 0 : 1)
      await move.reconcileAll()
    })

    it('gets a reaction to a message that it missed', async () => {
      const message = fullMessage(newId())
      move.away = () => true
      await move.store.insert(message, testDeadline())
      move.away = () => false
      await move.act(message, 'react')
      await move.reconcileAll()
      const [onSource, onTarget] = await move.onBoth(message)
      expect(onSource.reactions).toHaveLength(1)
      expect(onTarget).toEqual(onSource)
    })

    it('fails writes with policy fail, and a retry reconciles them', {
      timeout: 60_000,
    }, async () => {
      const { fixture, store } = move
      const message = aMessage(newId())
      const { authorId, channelId } = message
      const key = { authorId, channelId, nonce: 'n' }
      const { epoch } = await fixture.update({ policy: 'fail' })
      const following = async () =>
        (await fixture.state.participants()).every((one) => one.epoch >= epoch)
      await expect.poll(following).toBe(true)
      move.away = () => true
      await expect(store.insert(message, testDeadline(), key)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
      move.away = () => false
      expect(await store.insert(aMessage(channelId), testDeadline(), key)).toMatchObject({
        message: { id: message.id },
      })
      const [onSource, onTarget] = await move.onBoth(message)
      expect(onSource.message).toEqual([message])
      expect(onTarget).toEqual(onSource)
      await fixture.update({ policy: 'queue' })
    })
  },
)
