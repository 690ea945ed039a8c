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

it('a mention pushes, and one inside code does not', async () => {
  await using world = await rest(mongo)
  const [{ user }] = world.guild.others as [(typeof world.guild.others)[0]]
  const say = (content: string) => world.ask('message.send', { body: { content } })
  for (const content of [`\`<@${user.id}>\``, `\`\`\`\n<@${user.id}>\n\`\`\``]) await say(content)
  expect(world.pushed).toEqual([])
  const { id } = await say(`\`code\` <@${user.id}>`)
  expect(world.pushed).toMatchObject([{ id, recipients: [user.id] }])
})
