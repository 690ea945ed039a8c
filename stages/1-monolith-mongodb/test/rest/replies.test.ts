import { afterAll, beforeAll, expect, it } from 'vitest'
import type { MongoDatabase } from '../../src/mongodb/database.ts'
import { database } from '../adapters/database.ts'
import { rest } from './world.ts'

const use = new AsyncDisposableStack()
let mongo: MongoDatabase
beforeAll(async () => {
  mongo = await database(use)
})
afterAll(() => use.disposeAsync())

it('a reply reads the message that it answers once, and so does its edit', async () => {
  await using world = await rest(mongo)
  const { id: asked } = await world.ask('message.send', { body: { content: 'asked' } })
  const read: unknown[] = []
  const count = async (call: () => Promise<unknown>) => {
    const found = (await call()) as { id: string }[]
    read.push(...found.map(({ id }) => id))
    return found
  }
  world.fault('messages', 'get', count, 100)
  const body = { content: 'answered', message_reference: { message_id: asked } }
  const reply = await world.ask('message.send', { body })
  expect(reply).toMatchObject({ referenced_message: { id: asked, content: 'asked' } })
  expect(read).toEqual([asked])
  const found = await world.ask('message.search', {
    query: { replied_to_user_id: world.guild.owner.user.id },
  })
  expect(found).toMatchObject({ total_results: 1, messages: [[{ id: reply.id }]] })

  read.length = 0
  const edited = await world.ask('message.edit', {
    params: { message: reply.id },
    body: { content: 'better' },
  })
  expect(edited).toMatchObject({ content: 'better', referenced_message: { id: asked } })
  expect(read.filter((id) => id === asked)).toEqual([asked])
})
