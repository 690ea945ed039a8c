import { expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { restFixture } from './fixture.ts'

const mongo = suiteDatabase()

it('a mention sends a push, and one inside code does not', async () => {
  await using rest = await restFixture(mongo())
  const [{ user }] = rest.guild.others as [(typeof rest.guild.others)[0]]
  const send = (content: string) => rest.call('message.send', { body: { content } })
  for (const content of [`\`<@${user.id}>\``, `\`\`\`\n<@${user.id}>\n\`\`\``]) await send(content)
  expect(rest.pushes).toEqual([])
  const { id } = await send(`\`code\` <@${user.id}>`)
  expect(rest.pushes).toMatchObject([{ id, recipients: [user.id] }])
})
