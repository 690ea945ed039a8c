import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { StoredMessage } from '@threshold/domain'
import { iterations } from '@threshold/engines/testing'
import { deadlineAfter } from '@threshold/kit'
import { messageKey, REACTIONS_PAGE } from '@threshold/migration'
import { reactionPages } from '@threshold/migration/retry'
import type { MessageStore } from '@threshold/ports'
import type { ReactionDocument } from '@threshold/stage-1/mongodb/documents'
import { describe, expect, it, vi } from 'vitest'
import { expectEqual, onCassandra } from './equal.ts'
import { openFixture } from './fixture.ts'
import { migrator } from './migrator.ts'

/** They take five minutes on a busy machine. */
const MANY = iterations(100, 400)
const LARGE = 240_000
const READERS = 12
const MIB = 1_024 * 1_024
/** More than half a segment of the commit log, as `settings.ts` sets it. */
const TOO_LARGE = 5 * MIB
/** A busy machine needs time to write a hundred megabytes. */
const slowly = () => deadlineAfter(60_000)

const large = (channel: string, bytes: number): StoredMessage => ({
  ...aMessage(channel),
  content: 'x'.repeat(bytes),
})
const reactionBy = (userId: number, { channelId, id }: StoredMessage) => ({
  v: 1 as const,
  channelId,
  messageId: id,
  emoji: '👍',
  userId: String(userId),
  writeTimeMicros: writeTime(),
})

async function openMove(use: AsyncDisposableStack) {
  const folder = await mkdtemp(join(tmpdir(), 'threshold-large-'))
  use.defer(() => rm(folder, { recursive: true, force: true }))
  const fixture = await openFixture(use)
  const run = migrator(fixture, folder)
  return { fixture, run, store: await fixture.process() }
}

/** Twenty at once, since the driver puts them all into one message to the server. */
async function importAll(store: MessageStore, messages: readonly StoredMessage[]): Promise<void> {
  for (let at = 0; at < messages.length; at += 20)
    await store.import(messages.slice(at, at + 20), slowly())
}

describe('large messages', { timeout: 300_000 }, () => {
  it('are moved, verified, cut over and served, also many of one channel', async () => {
    await using use = new AsyncDisposableStack()
    const { fixture, run, store } = await openMove(use)
    const channel = newId()
    const messages = Array.from({ length: MANY }, () => large(channel, LARGE))
    // A row close to a node's limit, embeds of a hundred kilobytes, and more reactions than a page.
    const edge = large(channel, 3.9 * MIB)
    const embedded = {
      ...aMessage(channel),
      embeds: Array.from({ length: 10 }, () => ({ description: 'ä'.repeat(5_000) })),
    }
    const liked = aMessage(channel)
    await importAll(fixture.ends.source.store, [...messages, edge, embedded, liked])
    const reactions = Array.from({ length: REACTIONS_PAGE + 1_000 }, (_, i) =>
      reactionBy(i + 1, liked),
    )
    // The first marks its message. The rest are inserted directly: one by one takes a minute.
    await fixture.ends.source.store.react(reactions[0]!, testDeadline())
    const documents = reactions.slice(1).map(
      ({ channelId, messageId, userId, writeTimeMicros, ...rest }): ReactionDocument => ({
        _id: `${messageId}:${rest.emoji}:${userId}`,
        ...rest,
        writeTime: writeTimeMicros,
        channelId: BigInt(channelId),
        messageId: BigInt(messageId),
        userId: BigInt(userId),
      }),
    )
    await fixture.mongo.db.collection<ReactionDocument>('reactions').insertMany(documents)

    expect(await run('dual-write')).toMatch(/\nnext: .*backfill$/)
    expect(await run('backfill')).toMatch(new RegExp(`^backfill: ${MANY + 3} rows`, 'm'))
    expect(await run('verify')).toMatch(/no difference/)
    await expectEqual(fixture)
    expect(await run('cutover')).toMatch(/Cassandra decides/)
    expect(await run('decommission')).toMatch(/the move is over\nnext: nothing/)
    const page = await store.page(channel, { at: 'before', id: edge.id }, 100, slowly())
    expect(page).toEqual(messages.slice(-100).reverse())
    expect(
      (await store.page(channel, { at: 'after', id: messages.at(-1)!.id }, 100, slowly())).map(
        ({ id }) => id,
      ),
    ).toEqual([edge, embedded, liked].map(({ id }) => id).reverse())
    // Together they exceed a small node's heap if each page is one answer.
    const readers = await Promise.all(
      Array.from({ length: READERS }, () =>
        store.page(channel, { at: 'before', id: edge.id }, 100, slowly()),
      ),
    )
    expect(readers.map((one) => one.map(({ id }) => id))).toEqual(
      readers.map(() => page.map(({ id }) => id)),
    )
    const all = await Array.fromAsync(reactionPages(fixture.ends.target.port, [messageKey(liked)]))
    expect(all.flat()).toHaveLength(reactions.length)
  })
})

describe('a message that Cassandra will never take', { timeout: 120_000 }, () => {
  it('is named, stops the backfill at once, and lets it go on once it is deleted', async () => {
    await using use = new AsyncDisposableStack()
    const { fixture, run } = await openMove(use)
    const channel = newId()
    const [before, refused, after] = [
      aMessage(channel),
      large(channel, TOO_LARGE),
      aMessage(channel),
    ]
    await importAll(fixture.ends.source.store, [before, refused, after])
    await run('dual-write')
    const began = Date.now()
    const error: Error & { next?: string } = await run('backfill').catch((why) => why)
    expect(error).toMatchObject({ code: 'ROW_REFUSED' })
    expect(error.message).toContain(`message ${refused.id} of channel ${channel}`)
    expect(error.message.length).toBeLessThan(200) // so nothing of its content
    expect(error.next).toMatch(
      /delete that message.* commitlog_segment_size .*then npx threshold migrate mongo-cassandra backfill$/,
    )
    expect(Date.now() - began).toBeLessThan(30_000) // and not after a minute of trying
    await fixture.ends.source.store.remove(channel, [refused.id], writeTime(), testDeadline())
    expect(await run('backfill')).toMatch(/^backfill: /m)
    expect(await run('verify')).toMatch(/no difference/)
    expect([...(await onCassandra(fixture)).messages.keys()].toSorted()).toEqual(
      [before.id, after.id].toSorted(),
    )
  })

  it('is acknowledged while MongoDB decides, delays no other, and must go before the cutover', async () => {
    await using use = new AsyncDisposableStack()
    const { fixture, run, store } = await openMove(use)
    const channel = newId()
    await fixture.ends.source.store.import([aMessage(channel)], testDeadline())
    for (const step of ['dual-write', 'backfill', 'verify'] as const) await run(step)
    const refused = large(channel, TOO_LARGE)
    expect(await store.insert(refused, slowly())).toMatchObject({ outcome: 'inserted' })
    const others = Array.from({ length: 3 }, () => aMessage(channel))
    for (const message of others) await store.insert(message, testDeadline())
    const there = async () => [...(await onCassandra(fixture)).messages.keys()]
    await vi.waitFor(
      async () => expect(await there()).toEqual(expect.arrayContaining(others.map(({ id }) => id))),
      30_000,
    )

    const named = new RegExp(`message ${refused.id} of channel ${channel}`)
    expect(await run('status')).toMatch(new RegExp(`^refused: .*${named.source}`, 'm'))
    await expect(run('cutover')).rejects.toMatchObject({
      code: 'ROW_REFUSED',
      message: expect.stringMatching(named),
    })
    await expect(run('verify')).rejects.toMatchObject({
      code: 'ROW_REFUSED',
      message: expect.stringMatching(named),
    })
    await store.remove(channel, [refused.id], writeTime(), testDeadline())
    await vi.waitFor(async () => expect(await run('status')).not.toContain('refused:'), {
      timeout: 60_000,
      interval: 500,
    })
    // The interrupted verification had found a difference, so only the next one is clean.
    expect(await run('verify')).toMatch(/1 differed/)
    expect(await run('verify')).toMatch(/no difference/)
    expect(await run('cutover')).toMatch(/Cassandra decides/)
    // Once Cassandra decides, the client is told.
    await expect(store.insert(large(channel, TOO_LARGE), slowly())).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
    await store.insert(aMessage(channel), testDeadline())
  })

  it('is refused under policy fail, and the client is told', async () => {
    await using use = new AsyncDisposableStack()
    const { fixture, store } = await openMove(use)
    await fixture.update({ phase: 'dual-write', policy: 'fail' })
    await vi.waitFor(
      async () =>
        expect((await fixture.state.participants()).map(({ epoch }) => epoch)).toEqual([2]),
      20_000,
    )
    await expect(store.insert(large(newId(), TOO_LARGE), slowly())).rejects.toMatchObject({
      code: 'TOO_LARGE',
    })
  })
})
