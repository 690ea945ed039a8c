import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const replyCases: readonly Case[] = [
  {
    id: 'rest.messages.send.reply',
    title: 'A reply has a reference to the message it answers, and includes that message',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const question = await guild.send('why?')
      const reply = await guild.member.api.post<APIMessage>(path, {
        content: 'because',
        message_reference: { message_id: question.id },
      })
      expectEqual(reply.type, 19, 'its type')
      expectIncludes(
        reply.message_reference,
        { message_id: question.id, channel_id: guild.textChannelId, guild_id: guild.id },
        'the reference of the reply',
      )
      expectIncludes(reply.referenced_message, { id: question.id, content: 'why?' }, 'the question')
      expectEqual(
        reply.mentions.map((user) => user.id),
        [guild.owner.id],
        'the mentioned users',
      )
      const unknown = {
        content: 'to nobody',
        message_reference: { message_id: UNKNOWN_ID },
      }
      await guild.member.api.expectError(invalid('message_reference'), 'POST', path, unknown)
      const tolerant = {
        ...unknown,
        message_reference: { ...unknown.message_reference, fail_if_not_exists: false },
      }
      expectIncludes(
        await guild.member.api.post(path, tolerant),
        { content: 'to nobody', type: 0 },
        'a reply with fail_if_not_exists false',
      )
    },
  },
  {
    id: 'rest.messages.send.reply.pings',
    title:
      'A reply mentions the author it answers, unless `allowed_mentions` is given without ' +
      '`replied_user`',
    covers: ['intro.silence', 'bites.reply'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { id } = await guild.send('why?')
      const mentionsOwner = async (allowed_mentions?: object | null): Promise<boolean> => {
        const reply = {
          content: 'because',
          message_reference: { message_id: id },
          ...(allowed_mentions === undefined ? {} : { allowed_mentions }),
        }
        const { mentions } = await guild.member.api.post<APIMessage>(
          `/channels/${guild.textChannelId}/messages`,
          reply,
        )
        return mentions.some((user) => user.id === guild.owner.id)
      }
      expectEqual(
        [
          await mentionsOwner(),
          await mentionsOwner(null),
          await mentionsOwner({ replied_user: true }),
        ],
        [true, true, true],
        'mentions without allowed_mentions, with null, and with replied_user',
      )
      const without = [{ parse: [] }, { parse: ['users'] }, { replied_user: false }]
      for (const allowed of without)
        expectEqual(await mentionsOwner(allowed), false, `with ${JSON.stringify(allowed)}`)
    },
  },
]
