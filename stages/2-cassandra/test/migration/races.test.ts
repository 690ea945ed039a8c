import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { Reaction } from '@threshold/domain'
import { type MigrationPort, messageKey } from '@threshold/migration'
import { compare, repair } from '@threshold/migration/divergence'
import { replicateReaction } from '@threshold/migration/reconcile'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'

const use = new AsyncDisposableStack()
let fixture: Fixture
beforeAll(async () => {
  fixture = await openFixture(use)
})
afterAll(() => use.disposeAsync())

const noIntents = { pendingFor: async () => new Set<string>() }

/** A message that both stores have, and reactions to it for the test to put into either. */
async function messageOnBoth() {
  const { source, target } = fixture.ends
  const message = aMessage(newId())
  for (const { store } of [source, target]) await store.insert(message, testDeadline())
  const { id: messageId, channelId } = message
  const reaction = (): Reaction => ({
    v: 1,
    channelId,
    messageId,
    emoji: '👍',
    userId: '7',
    writeTimeMicros: writeTime(),
  })
  const reactionsOnBoth = async () => {
    const find = ({ port }: { port: MigrationPort }) =>
      port.reactionsOn([messageKey(message)], testDeadline())
    return [await find(source), await find(target)] as const
  }
  const both = {
    source: source.port,
    target: target.port,
    intents: noIntents,
  }
  return { source, target, both, message, reaction, reactionsOnBoth }
}

describe.each(['source', 'target'] as const)(
  'replicating a reaction while the %s decides',
  { timeout: 30_000 },
  (primaryEnd) => {
    async function withRoles() {
      const on = await messageOnBoth()
      const { source, target } = on
      const [primary, replica] = primaryEnd === 'source' ? [source, target] : [target, source]
      return { ...on, primary, replica }
    }

    it('keeps the newer one when another device gives it again meanwhile', async () => {
      const { source, target, primary, replica, reaction, reactionsOnBoth } = await withRoles()
      const old = reaction()
      for (const { store } of [source, target]) await store.react(old, testDeadline())
      const removed = reaction()
      await primary.store.unreact(removed, testDeadline())
      let again: Reaction | undefined
      const meanwhile: MigrationPort = {
        ...primary.port,
        async reaction(one, deadline) {
          const stored = await primary.port.reaction(one, deadline)
          if (again === undefined) {
            again = reaction()
            await primary.store.react(again, testDeadline())
            await replica.port.putReactions([again], testDeadline())
          }
          return stored
        },
      }
      const pair = { primary: meanwhile, replica: replica.port }
      await replicateReaction(pair, removed, true, testDeadline())
      expect(await reactionsOnBoth()).toEqual([[again], [again]])
    })

    it('brings back one that was taken back while a clock was ahead', async () => {
      const { source, target, primary, replica, reaction, reactionsOnBoth } = await withRoles()
      const inFuture = (micros: bigint): Reaction => ({
        ...reaction(),
        writeTimeMicros: writeTime() + micros,
      })
      const given = inFuture(3_600_000_000n)
      const removed = inFuture(3_600_100_000n)
      const again = reaction()
      const pair = { primary: primary.port, replica: replica.port }
      for (const { store } of [source, target]) await store.react(given, testDeadline())
      await primary.store.unreact(removed, testDeadline())
      await replicateReaction(pair, removed, true, testDeadline())
      expect(await reactionsOnBoth()).toEqual([[], []])
      expect(await primary.store.react(again, testDeadline())).toBe('added')
      await replicateReaction(pair, again, false, testDeadline())
      const [onSource, onTarget] = await reactionsOnBoth()
      expect(onSource).toHaveLength(1)
      expect(onTarget).toEqual(onSource)
    })
  },
)

describe('a repair', { timeout: 30_000 }, () => {
  it('keeps a reaction that was given again since the comparison', async () => {
    const { source, target, both, message, reaction, reactionsOnBoth } = await messageOnBoth()
    await target.store.react(reaction(), testDeadline()) // as if taken back on the source
    const [divergence] = await compare(both, [messageKey(message)])
    expect(divergence?.targetReactions).toHaveLength(1)
    const again = reaction()
    for (const { store, port } of [source, target]) {
      await store.react(again, testDeadline())
      await port.putReactions([again], testDeadline())
    }
    await repair(both, divergence!)
    expect(await reactionsOnBoth()).toEqual([[again], [again]])
    expect(await compare(both, [messageKey(message)])).toEqual([])
  })

  it('does not bring back a message that was deleted since the comparison', async () => {
    const { source, target, both, message } = await messageOnBoth()
    const { id, channelId } = message
    const edit = { id, channelId, set: { content: 'newer' }, writeTimeMicros: writeTime() }
    await target.store.edit(edit, testDeadline())
    const [divergence] = await compare(both, [messageKey(message)])
    expect(divergence?.target?.message.content).toBe('newer')
    await source.store.remove(channelId, [id], writeTime(), testDeadline())
    await repair(both, divergence!)
    expect(await source.store.get(channelId, [id], testDeadline())).toEqual([])
  })

  it('does not bring back a reaction that was taken back since, though the target has a newer one', async () => {
    const { source, target, both, message, reaction, reactionsOnBoth } = await messageOnBoth()
    await source.store.react(reaction(), testDeadline())
    await target.port.putReactions([reaction()], testDeadline())
    const [divergence] = await compare(both, [messageKey(message)])
    await source.store.unreact(reaction(), testDeadline())
    await repair(both, divergence!)
    expect((await reactionsOnBoth())[0]).toEqual([])
  })

  it('gives the older store what the newer has', async () => {
    const { source, target, both, message, reactionsOnBoth, reaction } = await messageOnBoth()
    const { id, channelId } = message
    const edit = { id, channelId, set: { content: 'newer' }, writeTimeMicros: writeTime() }
    await target.store.edit(edit, testDeadline())
    const given = reaction()
    await source.store.react(given, testDeadline())
    for (const divergence of await compare(both, [messageKey(message)]))
      await repair(both, divergence)
    expect(await compare(both, [messageKey(message)])).toEqual([])
    const [stored] = await source.store.get(channelId, [id], testDeadline())
    expect(stored?.content).toBe('newer')
    expect(await reactionsOnBoth()).toEqual([[given], [given]])
  })
})
