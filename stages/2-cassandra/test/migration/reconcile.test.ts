import { aMessage, newId, testDeadline, writeTime } from '@threshold/conformance/ports'
import type { MigrationPort } from '@threshold/migration'
import { reconcile } from '@threshold/migration/reconcile'
import type { MessageStore } from '@threshold/ports'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, openFixture } from './fixture.ts'

const use = new AsyncDisposableStack()
let fixture: Fixture
let store: MessageStore
beforeAll(async () => {
  fixture = await openFixture(use)
  await fixture.enter('cutover')
  store = await fixture.process()
})
afterAll(() => use.disposeAsync())

const key = (channelId: string) => ({ authorId: '80351110224678912', channelId, nonce: 'n' })
const keyText = (channelId: string) => `80351110224678912:${channelId}:n`

describe('reconciling a delete that died half-way', { timeout: 30_000 }, () => {
  it('leaves no reactions behind in either store', async () => {
    await using own = new AsyncDisposableStack()
    const other = await openFixture(own)
    const { source, target } = other.ends
    const message = aMessage(newId())
    const { channelId, id } = message
    const reaction = {
      v: 1 as const,
      channelId,
      messageId: id,
      emoji: '👍',
      userId: '7',
      writeTimeMicros: writeTime(),
    }
    for (const end of [source, target]) {
      await end.store.insert(message, testDeadline())
      await end.store.react(reaction, testDeadline())
    }
    await other.mongo.db.collection('messages').deleteMany({}) // and then the process is killed
    const pair = { primary: source.port, replica: target.port }
    await reconcile(pair, { kind: 'remove', channelId, id }, testDeadline())
    for (const end of [source, target]) {
      expect(await end.port.reactionsOn([{ channelId, id }], testDeadline())).toEqual([])
      expect(await end.store.get(channelId, [id], testDeadline())).toEqual([])
    }
  })
})

describe('reconciling a send after the cutover', { timeout: 30_000 }, () => {
  it('deletes nothing that a retry stores at the same moment', async () => {
    const { source, target } = fixture.ends
    const message = aMessage(newId())
    const { channelId, id } = message
    // The first try reserved its nonce and came no further.
    const nonce = { key: keyText(channelId), id, deleted: false }
    await target.port.putNonces([nonce], testDeadline())
    const retried: MigrationPort = {
      ...target.port,
      async rows(keys, deadline) {
        const before = await target.port.rows(keys, deadline)
        const inserted = await store.insert(aMessage(channelId), testDeadline(), key(channelId))
        expect(inserted).toMatchObject({ outcome: 'inserted', message: { id } })
        return before
      },
    }
    const intent = { kind: 'insert' as const, channelId, id, dedupe: keyText(channelId) }
    await reconcile({ primary: retried, replica: source.port }, intent, testDeadline())
    const onSource = await source.store.get(channelId, [id], testDeadline())
    expect(onSource).toHaveLength(1)
    expect(onSource).toEqual(await target.store.get(channelId, [id], testDeadline()))
    expect(await source.port.nonce(keyText(channelId), testDeadline())).toMatchObject({
      id,
      deleted: false,
    })
  })

  it('deletes a message that was deleted since, though its delete never arrived', async () => {
    const { source, target } = fixture.ends
    const message = aMessage(newId())
    const { channelId, id } = message
    await store.insert(message, testDeadline(), key(channelId))
    await target.store.remove(channelId, [id], writeTime(), testDeadline()) // bypasses the source
    expect(await source.store.get(channelId, [id], testDeadline())).toHaveLength(1)
    await reconcile(
      { primary: target.port, replica: source.port },
      { kind: 'insert', channelId, id, dedupe: keyText(channelId) },
      testDeadline(),
    )
    expect(await source.store.get(channelId, [id], testDeadline())).toEqual([])
    expect(await source.port.nonce(keyText(channelId), testDeadline())).toMatchObject({
      id,
      deleted: true,
    })
  })
})
