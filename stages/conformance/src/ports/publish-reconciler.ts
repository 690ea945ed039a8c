import { unavailable } from '@threshold/kit'
import type { PendingChange, PublishChange, PublishReconciler } from '@threshold/ports'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { newId, testDeadline } from './fixtures.ts'
import { WAIT } from './guild-hub-fixture.ts'
import { describeLocalAndRemote, OPEN_MS, type Open } from './suite.ts'

/** The creation of a message in a guild. */
export function aPendingChange(fields: Partial<PendingChange> = {}): PendingChange {
  const messageId = newId()
  const channel = { id: newId(), type: 0, guildId: newId() } as const
  return {
    v: 1,
    kind: 'created',
    eventId: messageId,
    messageId,
    userId: newId(),
    channel,
    ...fields,
  }
}

/** The contract of a PublishReconciler. `open` makes one that serves this process alone. */
export function testPublishReconciler(name: string, open: Open<PublishReconciler>): void {
  describeLocalAndRemote(`${name} as a publish reconciler`, (through) => {
    const use = new AsyncDisposableStack()
    let reconciler: PublishReconciler
    let publish: PublishChange
    const looked: PendingChange[] = []
    beforeAll(async () => {
      reconciler = through(use.use(await open(use)))
      reconciler.start((change) => {
        looked.push(change)
        return publish(change, testDeadline())
      })
    }, OPEN_MS)
    afterAll(() => use.disposeAsync(), OPEN_MS)
    beforeEach(() => {
      looked.length = 0
      publish = async () => 'published'
    })
    const begin = (...changes: PendingChange[]) => reconciler.begin(changes, testDeadline())
    /** Reconciles another change and waits for it, so that earlier ones were looked up as well. */
    async function afterOneRound(): Promise<void> {
      const marker = aPendingChange()
      const attempt = await begin(marker)
      attempt.reconcile()
      await vi.waitFor(
        () => expect(looked.map(({ eventId }) => eventId)).toContain(marker.eventId),
        WAIT,
      )
    }

    describe('a change', () => {
      it('of an attempt whose outcome is unknown is published once, as it was begun', async () => {
        const edit = aPendingChange({
          kind: 'edited',
          writeTimeMicros: 2n ** 60n,
          channel: { id: newId(), type: 1, recipients: [newId(), newId()] },
        })
        const changes = [edit, aPendingChange({ kind: 'deleted' })]
        const attempt = await begin(...changes)
        attempt.reconcile()
        await afterOneRound()
        await afterOneRound()
        expect(looked.filter(({ eventId }) => changes.some((c) => c.eventId === eventId))).toEqual(
          changes,
        )
      })

      it('of a settled attempt is not looked up', async () => {
        const attempt = await begin(aPendingChange())
        attempt.settle()
        await afterOneRound()
        expect(looked).toHaveLength(1)
      })

      it('that a later attempt did not store stays with the attempt that may have', async () => {
        const change = aPendingChange({ kind: 'deleted' })
        const [first, second] = [await begin(change), await begin(change)]
        first.reconcile()
        second.settle()
        await afterOneRound()
        expect(looked).toContainEqual(change)
      })

      it('that was published meanwhile is not looked up', async () => {
        const change = aPendingChange()
        const attempt = await begin(change)
        attempt.reconcile()
        reconciler.published([change.eventId, newId()])
        await afterOneRound()
        expect(looked).not.toContainEqual(change)
      })

      it('is looked up again until the store answers and has it', async () => {
        const change = aPendingChange()
        const answers: PublishChange[] = [
          () => Promise.reject(unavailable('the store')),
          async () => 'absent',
        ]
        publish = (each, deadline) =>
          (each.eventId === change.eventId ? answers.shift() : undefined)?.(each, deadline) ??
          Promise.resolve('published')
        const attempt = await begin(change)
        attempt.reconcile()
        await vi.waitFor(
          () => expect(looked.filter((c) => c.eventId === change.eventId)).toHaveLength(3),
          WAIT,
        )
        await afterOneRound()
        expect(looked.filter((c) => c.eventId === change.eventId)).toHaveLength(3)
      })
    })
  })
}
