import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const replyCases: readonly Case[] = [
  {
    id: 'rest.messages.send.reply',
    title: 'A reply names what it answers, and what was answered comes with it',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      const question = await guild.send('why?')
      const reply = await guild.member.api.post<APIMessage>(path, {
        content: 'because',
        message_reference: { message_id: question.id },
      })
      expectEqual(reply.type, 19, 'its type')
      expectIncludes(
        reply.message_reference,
        { message_id: question.id, channel_id: guild.textId, guild_id: guild.id },
        'what it answers',
      )
      expectIncludes(reply.referenced_message, { id: question.id, content: 'why?' }, 'the question')
      expectEqual(
        reply.mentions.map((user) => user.id),
        [guild.owner.id],
        'whom it mentions',
      )
      const unknown = {
        content: 'to nobody',
        message_reference: { message_id: UNKNOWN_ID },
      }
      await guild.member.api.expectError(invalid('message_reference'), 'POST', path, unknown)
      const anyway = {
        ...unknown,
        message_reference: { ...unknown.message_reference, fail_if_not_exists: false },
      }
      expectIncludes(
        await guild.member.api.post(path, anyway),
        { content: 'to nobody', type: 0 },
        'a reply that need not find its question',
      )
    },
  },
  {
    id: 'rest.messages.send.reply.pings',
    title:
      'A reply mentions whom it answers, unless `allowed_mentions` is given without `replied_user`',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('why?')
      const pings = async (allowed_mentions?: object | null): Promise<boolean> => {
        const reply = {
          content: 'because',
          message_reference: { message_id: id },
          ...(allowed_mentions === undefined ? {} : { allowed_mentions }),
        }
        const { mentions } = await guild.member.api.post<APIMessage>(
          `/channels/${guild.textId}/messages`,
          reply,
        )
        return mentions.some((user) => user.id === guild.owner.id)
      }
      expectEqual(
        [await pings(), await pings(null), await pings({ replied_user: true })],
        [true, true, true],
        'without it, or with it',
      )
      const without = [{ parse: [] }, { parse: ['users'] }, { replied_user: false }]
      for (const allowed of without)
        expectEqual(await pings(allowed), false, `with ${JSON.stringify(allowed)}`)
    },
  },
]
