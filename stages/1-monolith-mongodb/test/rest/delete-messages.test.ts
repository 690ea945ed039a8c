import { aMessage, newId, testDeadline } from '@threshold/conformance/ports'
import { hybridClock, systemClock } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { mongoMessageStore } from '../../src/adapters/message-store.mongodb.ts'
import { deleteFromStore } from '../../src/rest/messages/delete-messages.ts'
import { database } from '../adapters/database.ts'

const use = new AsyncDisposableStack()
let messages: Awaited<ReturnType<typeof mongoMessageStore>>
beforeAll(async () => {
  messages = await mongoMessageStore(await database(use))
})
afterAll(() => use.disposeAsync())

const AN_HOUR = 3_600_000_000n
const hybrid = hybridClock(systemClock)

describe('a delete', () => {
  it('deletes a message from a process whose clock is ahead', async () => {
    const channel = newId()
    const [now, ahead] = [aMessage(channel), aMessage(channel)]
    await messages.import(
      [now, { ...ahead, writeTimeMicros: hybrid.next() + AN_HOUR }],
      testDeadline(),
    )
    const deleted = await deleteFromStore(
      { messages, hybrid: hybridClock(systemClock) },
      channel,
      [now.id, ahead.id],
      testDeadline(),
    )
    expect(new Set(deleted)).toEqual(new Set([now.id, ahead.id]))
    expect(await messages.get(channel, [now.id, ahead.id], testDeadline())).toEqual([])
  })

  it('resolves with no ids if there was no message', async () => {
    expect(await deleteFromStore({ messages, hybrid }, newId(), [newId()], testDeadline())).toEqual(
      [],
    )
  })
})
