import { randomUUID } from 'node:crypto'
import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { StoredMessage } from '@threshold/domain'
import { iterations } from '@threshold/engines/testing'
import { deadlineExceeded, unavailable } from '@threshold/kit'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Following, followMigration } from '../../src/migration/follow.ts'
import { createIntents, type Intents, type Noted } from '../../src/migration/intents.ts'
import { migratingMessageStore } from '../../src/migration/message-store.migrating.ts'
import { rolesIn, type Side, type Sides, settle } from '../../src/migration/mirror.ts'
import { keyOf, type Movable } from '../../src/migration/movable.ts'
import type { Phase } from '../../src/migration/phases.ts'
import { createShadow } from '../../src/migration/shadow.ts'
import { type House, openHouse } from './house.ts'

const use = new AsyncDisposableStack()
const houses = new Map<Phase, Opened>()
/** Answers true while the second store is to be away. */
let away: () => boolean = () => false
let failure: () => Error = () => unavailable('the second store')

interface Opened {
  readonly house: House
  readonly sides: Sides
  readonly store: ReturnType<typeof migratingMessageStore>
  readonly intents: Intents
  /** Resolves when no note is left of what is done. */
  forgotten(): Promise<void>
}

/**
 * A second store that is sometimes away, as its network would have it: before it has done anything,
 * or when it has done it all.
 */
function sometimesAway(side: Side, second: () => boolean): Side {
  const movable: Movable = new Proxy(side.movable, {
    get(target, name: keyof Movable) {
      const method = target[name]
      if (typeof method !== 'function') return method
      return async (...args: never[]) => {
        if (second() && away()) throw failure()
        const answer = await (method as (...all: never[]) => Promise<unknown>).apply(target, args)
        if (second() && away()) throw failure()
        return answer
      }
    },
  })
  return { ...side, movable }
}

async function open(phase: Phase): Promise<Opened> {
  const house = await openHouse(use)
  await house.inPhase(phase)
  let following: Following
  const intents = use.use(await createIntents(house.mongo, randomUUID(), house.runtime))
  const shadow = createShadow(() => following.now(), house.state, intents, house.runtime)
  following = use.use(
    await followMigration(house.state, randomUUID(), house.runtime, shadow.counts),
  )
  const sides: Sides = {
    mongo: sometimesAway(house.sides.mongo, () => phase === 'cutover'),
    cassandra: sometimesAway(house.sides.cassandra, () => phase === 'dual-write'),
  }
  // A clock that strides: a second store that failed is left alone for a second, which is not what
  // this is about.
  let strides = 0
  const clock = {
    now() {
      strides += 2_000
      return Date.now() + strides
    },
  }
  // What both stores are said to have is forgotten at once: what is settled later must not owe
  // anything to a note that was left.
  const removing: Promise<void>[] = []
  const prompt: Intents = {
    ...intents,
    done: (noteIds) => void removing.push(intents.remove(noteIds, testDeadline())),
  }
  const store = migratingMessageStore(
    { sides, following, intents: prompt, shadow },
    { ...house.runtime, clock },
  )
  return {
    house,
    sides,
    intents,
    store,
    forgotten: async () => void (await Promise.all(removing.splice(0))),
  }
}

beforeAll(async () => {
  for (const phase of ['dual-write', 'cutover'] as const) houses.set(phase, await open(phase))
})
afterAll(() => use.disposeAsync())

const OPERATIONS = ['edit', 'empty', 'flag', 'unflag', 'react', 'unreact', 'remove'] as const
type Operation = (typeof OPERATIONS)[number]

async function act({ store }: Opened, message: StoredMessage, operation: Operation): Promise<void> {
  const { id, channelId } = message
  const edit = (set: Parameters<typeof store.edit>[0]['set']) =>
    store.edit({ id, channelId, set, writeTimeMicros: writeTime() }, testDeadline())
  const reaction = {
    v: 1 as const,
    channelId,
    messageId: id,
    emoji: '👍',
    userId: '7',
    writeTimeMicros: writeTime(),
  }
  switch (operation) {
    case 'edit':
      return void (await edit({
        content: `edited ${newId()}`,
        editedAt: Date.now(),
        mentions: ['1'],
      }))
    case 'empty':
      return void (await edit({
        embeds: [],
        mentions: [],
        mentionEveryone: false,
        editedAt: Date.now(),
      }))
    case 'flag':
      return void (await edit({ flags: 4 }))
    case 'unflag':
      return void (await edit({ flags: 0 }))
    case 'react':
      return void (await store.react(reaction, testDeadline()))
    case 'unreact':
      return void (await store.unreact(reaction, testDeadline()))
    case 'remove':
      return void (await store.remove(channelId, [id], writeTime(), testDeadline()))
  }
}

/** Both stores as they are, asked past everything that moves. */
async function both({ house }: Opened, message: StoredMessage) {
  const look = async ({ store, movable }: Side) => ({
    message: await store.get(message.channelId, [message.id], testDeadline()),
    page: await store.page(message.channelId, { at: 'latest' }, 10, testDeadline()),
    reactions: (await movable.reactionsOn([keyOf(message)], testDeadline())).map(
      ({ emoji, userId, writeTimeMicros }) => ({
        emoji,
        userId,
        writeTimeMicros,
      }),
    ),
    counts: await store.reactions(message.channelId, [message.id], '7', testDeadline()),
  })
  return [await look(house.sides.mongo), await look(house.sides.cassandra)] as const
}

async function settleAll({ sides, intents, forgotten }: Opened, phase: Phase): Promise<void> {
  await forgotten()
  const { primary, follower } = rolesIn(phase, sides)
  for (const { noteId, intent } of await intents.all(1_000, testDeadline())) {
    await settle({ from: primary.movable, to: follower!.movable }, intent, testDeadline())
    await intents.remove([noteId], testDeadline())
  }
}

const rich = (channel: string) =>
  aMessage(channel, {
    embeds: [{ title: 'x' }],
    mentions: ['1', '2'],
    mentionEveryone: true,
    flags: 4,
  })
const operations = fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 6, size: 'max' })

describe('a backfill that reads a message and writes it later', { timeout: 120_000 }, () => {
  it('undoes nothing of what happened before, in between or after', () =>
    fc.assert(
      fc.asyncProperty(operations, fc.nat(6), fc.nat(6), async (steps, readAt, wait) => {
        const opened = houses.get('dual-write')!
        const { mongo, cassandra } = opened.house.sides
        const message = rich(newId())
        await mongo.store.insert(message, testDeadline()) // as stage 1 did, past the second store
        if (readAt % 2 === 0)
          await mongo.store.react(
            {
              v: 1,
              channelId: message.channelId,
              messageId: message.id,
              emoji: '👍',
              userId: '7',
              writeTimeMicros: writeTime(),
            },
            testDeadline(),
          )
        let read = {
          rows: await mongo.movable.rows([], testDeadline()),
          reactions: await mongo.movable.reactionsOn([], testDeadline()),
        }
        for (let at = 0; at <= steps.length + 1; at++) {
          const [from, to] = [Math.min(readAt, steps.length), Math.min(readAt + wait, steps.length)]
          if (at === from)
            read = {
              rows: await mongo.movable.rows([keyOf(message)], testDeadline()),
              reactions: await mongo.movable.reactionsOn([keyOf(message)], testDeadline()),
            }
          if (at === to) {
            await cassandra.movable.put(read.rows, testDeadline(), {
              edited: read.rows.some((row) => row.message.editedAt !== undefined),
            })
            await cassandra.movable.putReactions(read.reactions, testDeadline())
          }
          const step = steps[at]
          if (step) await act(opened, message, step)
        }
        const [one, other] = await both(opened, message)
        expect(other).toEqual(one)
      }),
      { numRuns: iterations(10, 40) },
    ))

  it('brings back nothing that was deleted before it came, and no reaction that was taken back', async () => {
    const opened = houses.get('dual-write')!
    const { mongo, cassandra } = opened.house.sides
    const message = rich(newId())
    await mongo.store.insert(message, testDeadline())
    await mongo.store.react(
      {
        v: 1,
        channelId: message.channelId,
        messageId: message.id,
        emoji: '👍',
        userId: '7',
        writeTimeMicros: writeTime(),
      },
      testDeadline(),
    )
    const [rows, reactions] = [
      await mongo.movable.rows([keyOf(message)], testDeadline()),
      await mongo.movable.reactionsOn([keyOf(message)], testDeadline()),
    ]
    await act(opened, message, 'unreact')
    await cassandra.movable.put(rows, testDeadline(), { edited: false })
    await cassandra.movable.putReactions(reactions, testDeadline())
    expect(await cassandra.movable.reactionsOn([keyOf(message)], testDeadline())).toEqual([])
    await act(opened, message, 'remove')
    await cassandra.movable.put(rows, testDeadline(), { edited: false })
    expect(await cassandra.store.get(message.channelId, [message.id], testDeadline())).toEqual([])
  })
})

describe.each(['dual-write', 'cutover'] as const)(
  'in phase %s, a second store that is away now and then',
  (phase) => {
    it(
      'fails no write, and has all of it once what was written down is settled',
      { timeout: 120_000 },
      () =>
        fc.assert(
          fc.asyncProperty(operations, fc.infiniteStream(fc.boolean()), async (steps, faults) => {
            const opened = houses.get(phase)!
            const message = rich(newId())
            const key = { authorId: message.authorId, channelId: message.channelId, nonce: 'n' }
            away = () => faults.next().value === true
            expect((await opened.store.insert(message, testDeadline(), key)).outcome).toBe(
              'inserted',
            )
            for (const step of steps) await act(opened, message, step)
            away = () => false
            await settleAll(opened, phase)
            const [one, other] = await both(opened, message)
            expect(other).toEqual(one)
            // A retry is known in both, whatever became of its message.
            for (const side of [opened.house.sides.mongo, opened.house.sides.cassandra])
              expect(
                await side.store.insert(aMessage(message.channelId), testDeadline(), key),
              ).toMatchObject({
                outcome: 'duplicate',
                message: { id: message.id },
              })
          }),
          { numRuns: iterations(8, 25) },
        ),
    )

    it('and that may still do what it was asked for is left alone as long, where it would forget a delete', async () => {
      const { store, intents } = houses.get(phase)!
      const message = aMessage(newId())
      failure = () => deadlineExceeded('the second store')
      away = () => true
      await store.insert(message, testDeadline())
      away = () => false
      failure = () => unavailable('the second store')
      const isOurs = ({ intent }: Noted): boolean => 'id' in intent && intent.id === message.id
      expect((await intents.all(1_000, testDeadline())).filter(isOurs)).toHaveLength(1)
      expect((await intents.due(1_000, testDeadline())).filter(isOurs)).toHaveLength(
        phase === 'cutover' ? 0 : 1,
      )
      await settleAll(houses.get(phase)!, phase)
    })

    it('has a reaction on a message that it missed', async () => {
      const opened = houses.get(phase)!
      const message = rich(newId())
      away = () => true
      await opened.store.insert(message, testDeadline())
      away = () => false
      await act(opened, message, 'react')
      await settleAll(opened, phase)
      const [one, other] = await both(opened, message)
      expect(one.reactions).toHaveLength(1)
      expect(other).toEqual(one)
    })

    it('fails them where the policy says so, and a retry settles it', {
      timeout: 60_000,
    }, async () => {
      const opened = houses.get(phase)!
      const message = aMessage(newId())
      const key = { authorId: message.authorId, channelId: message.channelId, nonce: 'n' }
      const failing = await opened.house.move({ policy: 'fail' })
      await expect
        .poll(async () =>
          (await opened.house.state.followers()).every(({ epoch }) => epoch >= failing.epoch),
        )
        .toBe(true)
      away = () => true
      await expect(opened.store.insert(message, testDeadline(), key)).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
      away = () => false
      expect(
        await opened.store.insert(aMessage(message.channelId), testDeadline(), key),
      ).toMatchObject({
        message: { id: message.id },
      })
      const [one, other] = await both(opened, message)
      expect(one.message).toEqual([message])
      expect(other).toEqual(one)
      await opened.house.move({ policy: 'queue' })
    })
  },
)
