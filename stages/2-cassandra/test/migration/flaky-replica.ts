import { randomUUID } from 'node:crypto'
import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { StoredMessage } from '@threshold/domain'
import { unavailable } from '@threshold/kit'
import {
  type MigrationPort,
  type MoveEnd,
  type MoveEnds,
  messageKey,
  type WriteIntents,
} from '@threshold/migration'
import { dualMessageStore, pairOf, rolesIn } from '@threshold/migration/dual-store'
import { joinMigration, type Participation } from '@threshold/migration/participant'
import { reconcile } from '@threshold/migration/reconcile'
import { createShadowReader } from '@threshold/migration/shadow-reads'
import type { MessageStore } from '@threshold/ports'
import { mongoIntents } from '../../src/migration/intents.mongodb.ts'
import { type Fixture, openFixture } from './fixture.ts'

/** A stage in one phase of a move, whose replica fails when the test says so. */
export interface FlakyMove {
  readonly fixture: Fixture
  readonly store: MessageStore
  readonly intents: WriteIntents
  /** Set by the test: whether the replica fails now, and with which error. */
  away: () => boolean
  failure: () => Error
  /** Reconciles every intent, once those of completed writes are removed. */
  reconcileAll(): Promise<void>
  act(message: StoredMessage, operation: Operation): Promise<void>
  /** The message as both stores have it, read without the code that moves it. */
  onBoth(message: StoredMessage): Promise<readonly [StoredState, StoredState]>
}

export const OPERATIONS = ['edit', 'empty', 'flag', 'unflag', 'react', 'unreact', 'remove'] as const
export type Operation = (typeof OPERATIONS)[number]

type StoredState = Awaited<ReturnType<typeof stateOf>>

export async function openFlakyMove(
  use: AsyncDisposableStack,
  phase: 'dual-write' | 'cutover',
): Promise<FlakyMove> {
  const fixture = await openFixture(use)
  await fixture.enter(phase)
  let participation: Participation
  const stored = use.use(await mongoIntents(fixture.mongo, randomUUID(), fixture.runtime))
  const current = () => participation.current()
  const shadow = createShadowReader(current, fixture.state, stored, fixture.runtime)
  participation = use.use(
    await joinMigration(fixture.state, randomUUID(), fixture.runtime, shadow.counts),
  )
  // Completed intents are removed at once: what is reconciled later must owe nothing to them.
  const removing: Promise<void>[] = []
  const intents: WriteIntents = {
    ...stored,
    complete: (ids) => void removing.push(stored.remove(ids, testDeadline())),
  }
  // The clock advances with each operation: a replica that failed is left alone for a second, which
  // is not under test here.
  let advanced = 0
  const clock = { now: () => Date.now() + advanced }
  const isAway = (): boolean => move.away()
  const flaky = (end: MoveEnd): MoveEnd => sometimesAway(end, isAway, () => move.failure())
  const { source, target } = fixture.ends
  const ends: MoveEnds =
    phase === 'dual-write' ? { source, target: flaky(target) } : { source: flaky(source), target }
  const parts = { ends, participation, intents, shadow }
  const dual = dualMessageStore(parts, { ...fixture.runtime, clock })
  const store = new Proxy(dual, {
    get(inner, name: keyof MessageStore) {
      advanced += 2_000
      return inner[name]
    },
  })
  const move: FlakyMove = {
    fixture,
    store,
    intents,
    away: () => false,
    failure: () => unavailable('the replica'),
    async reconcileAll() {
      await Promise.all(removing.splice(0))
      const { primary, replica } = rolesIn(phase, ends)
      for (const { id, intent } of await intents.list(1_000, testDeadline())) {
        await reconcile(pairOf(primary, replica!), intent, testDeadline())
        await intents.remove([id], testDeadline())
      }
    },
    act: (message, operation) => act(store, message, operation),
    onBoth: async (message) =>
      [await stateOf(source, message), await stateOf(target, message)] as const,
  }
  return move
}

/** Fails as a network would have it: before the store did anything, or when it had done it all. */
function sometimesAway(end: MoveEnd, away: () => boolean, failure: () => Error): MoveEnd {
  const port = new Proxy(end.port, {
    get(target, name: keyof MigrationPort) {
      const method = target[name]
      if (typeof method !== 'function') return method
      return async (...args: never[]) => {
        if (away()) throw failure()
        const answer = await (method as (...all: never[]) => Promise<unknown>).apply(target, args)
        if (away()) throw failure()
        return answer
      }
    },
  })
  return { ...end, port }
}

async function act(
  store: MessageStore,
  { id, channelId }: StoredMessage,
  operation: Operation,
): Promise<void> {
  const edit = async (set: Parameters<MessageStore['edit']>[0]['set']): Promise<void> => {
    await store.edit({ id, channelId, set, writeTimeMicros: writeTime() }, testDeadline())
  }
  switch (operation) {
    case 'edit':
      return await edit({
        content: `edited ${newId()}`,
        editedAt: Date.now(),
        mentions: ['1'],
      })
    case 'empty':
      return await edit({
        embeds: [],
        mentions: [],
        mentionEveryone: false,
        editedAt: Date.now(),
      })
    case 'flag':
      return await edit({ flags: 4 })
    case 'unflag':
      return await edit({ flags: 0 })
    case 'react':
      return void (await store.react(reactionTo({ id, channelId }), testDeadline()))
    case 'unreact':
      return void (await store.unreact(reactionTo({ id, channelId }), testDeadline()))
    case 'remove':
      return void (await store.remove(channelId, [id], writeTime(), testDeadline()))
  }
}

async function stateOf({ store, port }: MoveEnd, message: StoredMessage) {
  const { id, channelId } = message
  const reactions = await port.reactionsOn([messageKey(message)], testDeadline())
  return {
    message: await store.get(channelId, [id], testDeadline()),
    page: await store.page(channelId, { at: 'latest' }, 10, testDeadline()),
    reactions: reactions.map(({ emoji, userId, writeTimeMicros }) => ({
      emoji,
      userId,
      writeTimeMicros,
    })),
    counts: await store.reactions(channelId, [id], '7', testDeadline()),
  }
}

export const reactionTo = ({ id, channelId }: Pick<StoredMessage, 'id' | 'channelId'>) => ({
  v: 1 as const,
  channelId,
  messageId: id,
  emoji: '👍',
  userId: '7',
  writeTimeMicros: writeTime(),
})

/** A message with everything that an edit can empty. */
export const fullMessage = (channel: string): StoredMessage =>
  aMessage(channel, {
    embeds: [{ title: 'x' }],
    mentions: ['1', '2'],
    mentionEveryone: true,
    flags: 4,
  })
