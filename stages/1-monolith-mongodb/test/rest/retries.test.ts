import { describe, expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { type RestFixture, restFixture } from './fixture.ts'

const mongo = suiteDatabase()

const send = (rest: RestFixture) =>
  rest.call('message.send', { body: { content: 'first', nonce: 'n', enforce_nonce: true } })
const created = (rest: RestFixture): unknown[] =>
  rest.received('MESSAGE_CREATE').map(({ data }) => data)

describe('a send that is retried after a restart', () => {
  it('is answered as the first try was, and publishes nothing, if the message was deleted meanwhile', async () => {
    await using before = await restFixture(mongo())
    const { id } = await send(before)
    await before.call('message.delete', { params: { message: id } })
    expect(await send(before)).toMatchObject({ id, content: 'first' })
    await using after = await restFixture(mongo(), before.guild)
    expect(await send(after)).toMatchObject({ id, content: 'first' })
    expect(created(after)).toEqual([])
    await expect(after.call('message.get', { params: { message: id } })).rejects.toMatchObject({
      code: 10008,
    })
  })

  it('publishes nothing if the message was deleted in bulk', async () => {
    await using before = await restFixture(mongo())
    const { id } = await send(before)
    const other = await before.call('message.send', { body: { content: 'second' } })
    await before.call('message.bulk-delete', { body: { messages: [id, other.id] } })
    await using after = await restFixture(mongo(), before.guild)
    expect(await send(after)).toMatchObject({ id })
    expect(created(after)).toEqual([])
  })

  it('publishes an edited message as it is now', async () => {
    await using before = await restFixture(mongo())
    const { id } = await send(before)
    await before.call('message.edit', { params: { message: id }, body: { content: 'other words' } })
    await using after = await restFixture(mongo(), before.guild)
    expect(await send(after)).toMatchObject({ id, content: 'other words' })
    expect(created(after)).toMatchObject([{ id, content: 'other words' }])
  })
})
