import { expect, it } from 'vitest'
import { suiteDatabase } from '../adapters/database.ts'
import { restFixture } from './fixture.ts'

const mongo = suiteDatabase()

it('a reply and its edit each read the replied message once', async () => {
  await using rest = await restFixture(mongo())
  const { id: question } = await rest.call('message.send', { body: { content: 'question' } })
  const read: unknown[] = []
  const count = async (call: () => Promise<unknown>) => {
    const found = (await call()) as { id: string }[]
    read.push(...found.map(({ id }) => id))
    return found
  }
  rest.injectFault('messages', 'get', count, 100)
  const body = { content: 'answered', message_reference: { message_id: question } }
  const reply = await rest.call('message.send', { body })
  expect(reply).toMatchObject({ referenced_message: { id: question, content: 'question' } })
  expect(read).toEqual([question])
  const found = await rest.call('message.search', {
    query: { replied_to_user_id: rest.guild.owner.user.id },
  })
  expect(found).toMatchObject({ total_results: 1, messages: [[{ id: reply.id }]] })

  read.length = 0
  const edited = await rest.call('message.edit', {
    params: { message: reply.id },
    body: { content: 'better' },
  })
  expect(edited).toMatchObject({ content: 'better', referenced_message: { id: question } })
  expect(read.filter((id) => id === question)).toEqual([question])
})
