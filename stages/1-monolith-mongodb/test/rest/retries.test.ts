import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { database } from '../adapters/database.ts'
import { type Rest, rest } from './world.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
beforeAll(async () => {
  mongo = await database(use)
})
afterAll(() => use.disposeAsync())

const send = (world: Rest) =>
  world.ask('message.send', { body: { content: 'first', nonce: 'n', enforce_nonce: true } })
const heard = (world: Rest): unknown[] => world.heard('MESSAGE_CREATE').map(({ data }) => data)

describe('a send that is tried again after a restart', () => {
  it('tells nobody of a message that was deleted meanwhile, and is answered as the first was', async () => {
    await using before = await rest(mongo)
    const { id } = await send(before)
    await before.ask('message.delete', { params: { message: id } })
    expect(await send(before)).toMatchObject({ id, content: 'first' })
    await using after = await rest(mongo, before.guild)
    expect(await send(after)).toMatchObject({ id, content: 'first' })
    expect(heard(after)).toEqual([])
    await expect(after.ask('message.get', { params: { message: id } })).rejects.toMatchObject({
      code: 10008,
    })
  })

  it('tells nobody of one that was deleted in bulk', async () => {
    await using before = await rest(mongo)
    const { id } = await send(before)
    const other = await before.ask('message.send', { body: { content: 'second' } })
    await before.ask('message.bulk-delete', { body: { messages: [id, other.id] } })
    await using after = await rest(mongo, before.guild)
    expect(await send(after)).toMatchObject({ id })
    expect(heard(after)).toEqual([])
  })

  it('tells of an edited message as it is now', async () => {
    await using before = await rest(mongo)
    const { id } = await send(before)
    await before.ask('message.edit', { params: { message: id }, body: { content: 'other words' } })
    await using after = await rest(mongo, before.guild)
    expect(await send(after)).toMatchObject({ id, content: 'other words' })
    expect(heard(after)).toMatchObject([{ id, content: 'other words' }])
  })
})
