import { testDeadline } from '@threshold/conformance/ports'
import { deadlineExceeded } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { type RestFixture, restFixture } from './fixture.ts'
import {
  afterTwoChecks,
  doneButAnswerLost,
  PATIENCE,
  send,
  TIMED_OUT,
  UNAVAILABLE,
  unavailableStore,
} from './recovery.ts'

const mongo = suiteDatabase()

const remove = (rest: RestFixture, message: string) =>
  rest.call('message.delete', { params: { message } })
const deleted = (rest: RestFixture): unknown[] =>
  rest.received('MESSAGE_DELETE').map(({ data }) => (data as { id: string }).id)
const bulkDeleted = (rest: RestFixture): unknown[] =>
  rest.received('MESSAGE_DELETE_BULK').map(({ data }) => (data as { ids: string[] }).ids)

describe('a deletion that fails half-way', () => {
  it('is published if the search index is down, and a search drops the entries that stay', async () => {
    await using rest = await restFixture(mongo())
    const [one, two, three] = [
      await send(rest, 'needle one'),
      await send(rest, 'needle two'),
      await send(rest, 'needle three'),
    ]
    rest.injectFault('search', 'remove', unavailableStore, 2)
    await remove(rest, one.id)
    await rest.call('message.bulk-delete', { body: { messages: [two.id, three.id] } })
    expect(deleted(rest)).toEqual([one.id])
    expect(bulkDeleted(rest)).toEqual([[two.id, three.id]])
    const query = {
      words: ['needle'],
      channels: [rest.guild.text.id],
      order: 'newest',
      offset: 0,
      limit: 5,
    } as const
    const { hits } = await rest.stores.search.search(rest.guild.id, query, testDeadline())
    expect(hits).toHaveLength(3)
    expect(await rest.call('message.search', { query: { content: 'needle' } })).toMatchObject({
      messages: [],
    })
  })

  it('is published without a retry if the delete succeeded and its answer was lost', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await send(rest, 'deleted')
    rest.injectFault('messages', 'remove', doneButAnswerLost)
    await expect(remove(rest, id)).rejects.toMatchObject(TIMED_OUT)
    await expect(remove(rest, id)).rejects.toMatchObject({ code: 10_008 })
    await expect.poll(() => deleted(rest), PATIENCE).toEqual([id])
  })

  it('is published for each deleted message, and for none that still exists', async () => {
    await using rest = await restFixture(mongo())
    const [one, two] = [await send(rest, 'one'), await send(rest, 'two')]
    rest.injectFault('messages', 'remove', async () => {
      const channel = rest.guild.text.id
      await rest.stores.messages.remove(channel, [one.id], 2n ** 60n, testDeadline())
      throw deadlineExceeded('the store')
    })
    await expect(
      rest.call('message.bulk-delete', { body: { messages: [one.id, two.id] } }),
    ).rejects.toMatchObject(TIMED_OUT)
    await expect.poll(() => deleted(rest), PATIENCE).toEqual([one.id])
    await afterTwoChecks()
    expect(deleted(rest)).toEqual([one.id])
  })

  it('is published once if the client retries', async () => {
    await using rest = await restFixture(mongo())
    const [one, two, three] = [
      await send(rest, 'one'),
      await send(rest, 'two'),
      await send(rest, 'three'),
    ]
    rest.injectFault('messages', 'remove', unavailableStore, 2)
    await expect(remove(rest, one.id)).rejects.toMatchObject(UNAVAILABLE)
    const bulk = { body: { messages: [two.id, three.id] } }
    await expect(rest.call('message.bulk-delete', bulk)).rejects.toMatchObject(UNAVAILABLE)
    await remove(rest, one.id)
    await rest.call('message.bulk-delete', bulk)
    await afterTwoChecks()
    expect([deleted(rest).length, bulkDeleted(rest).length]).toEqual([1, 1])
  })
})
