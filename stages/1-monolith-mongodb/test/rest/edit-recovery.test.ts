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

const edit = (rest: RestFixture, message: string, content: string) =>
  rest.call('message.edit', { params: { message }, body: { content } })
const updates = (rest: RestFixture): unknown[] =>
  rest.received('MESSAGE_UPDATE').map(({ data }) => (data as { content: string }).content)

describe('an edit that fails when it may be stored', () => {
  it('is published and indexed without a retry if the write succeeded and its answer was lost', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await send(rest, 'before')
    rest.injectFault('messages', 'edit', doneButAnswerLost)
    await expect(edit(rest, id, 'afterwards')).rejects.toMatchObject(TIMED_OUT)
    await expect.poll(() => updates(rest), PATIENCE).toEqual(['afterwards'])
    expect(await rest.call('message.search', { query: { content: 'afterwards' } })).toMatchObject({
      messages: [[{ id }]],
    })
  })

  it('is published if the search index is down for a while', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await send(rest, 'before')
    rest.injectFault('search', 'index', unavailableStore, 2)
    await expect(edit(rest, id, 'after')).rejects.toMatchObject(UNAVAILABLE)
    await expect.poll(() => updates(rest), PATIENCE).toEqual(['after'])
  })

  it('is published once if the client retries, because the retry is a later edit', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await send(rest, 'before')
    rest.injectFault('messages', 'edit', doneButAnswerLost)
    await expect(edit(rest, id, 'after')).rejects.toMatchObject(TIMED_OUT)
    await edit(rest, id, 'after')
    await afterTwoChecks()
    expect(updates(rest)).toEqual(['after'])
  })

  it('is neither published nor indexed after a later edit that came during its reconciliation', async () => {
    await using rest = await restFixture(mongo())
    const { id } = await send(rest, 'before')
    rest.injectFault('messages', 'edit', doneButAnswerLost)
    await expect(edit(rest, id, 'first')).rejects.toMatchObject(TIMED_OUT)
    rest.injectFault('search', 'index', async (call) => {
      await edit(rest, id, 'second')
      return call()
    })
    await expect.poll(() => updates(rest), PATIENCE).toEqual(['second'])
    await afterTwoChecks()
    expect(updates(rest)).toEqual(['second'])
    expect(await rest.call('message.search', { query: { content: 'first' } })).toMatchObject({
      messages: [],
    })
    expect(await rest.call('message.search', { query: { content: 'second' } })).toMatchObject({
      messages: [[{ id }]],
    })
  })

  it('is not published if nothing was changed, or if the message was deleted', async () => {
    await using rest = await restFixture(mongo())
    const [unchanged, deleted] = [await send(rest, 'unchanged'), await send(rest, 'deleted')]
    rest.injectFault('messages', 'edit', unavailableStore)
    await expect(edit(rest, unchanged.id, 'after')).rejects.toMatchObject(UNAVAILABLE)
    rest.injectFault('messages', 'edit', doneButAnswerLost)
    await expect(edit(rest, deleted.id, 'after')).rejects.toMatchObject(TIMED_OUT)
    await rest.call('message.delete', { params: { message: deleted.id } })
    await afterTwoChecks()
    expect(updates(rest)).toEqual([])
  })
})
