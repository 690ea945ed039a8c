import { Intent } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { ALL_INTENTS } from '../../test-user.ts'

const WITHOUT = ALL_INTENTS & ~Intent.MessageContent

export const contentCases: readonly Case[] = [
  {
    id: 'gateway.content.others',
    title:
      'Without MESSAGE_CONTENT another author’s message has no content and no embeds, but all ' +
      'other fields',
    covers: ['gateway.content'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      const path = `/channels/${guild.textChannelId}/messages`
      const sent = await guild.owner.api.post<APIMessage>(path, {
        content: 'secret',
        embeds: [{ title: 'secret' }],
      })
      const created = await socket.nextEvent('MESSAGE_CREATE')
      expectIncludes(
        created,
        {
          id: sent.id,
          content: '',
          embeds: [],
          attachments: [],
          channel_id: guild.textChannelId,
          guild_id: guild.id,
        },
        'MESSAGE_CREATE',
      )
      expectIncludes(created.author, { id: guild.owner.id }, 'its author')
      await guild.owner.api.patch(`${path}/${sent.id}`, { content: 'secret still' })
      expectIncludes(
        await socket.nextEvent('MESSAGE_UPDATE'),
        { id: sent.id, content: '', embeds: [] },
        'MESSAGE_UPDATE',
      )
    },
  },
  {
    id: 'gateway.content.with',
    title: 'With MESSAGE_CONTENT a message has its content and embeds',
    covers: ['gateway.content'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages`, {
        content: 'open',
        embeds: [{ title: 'open' }],
      })
      const created = await socket.nextEvent('MESSAGE_CREATE')
      expectEqual(
        [created.content, created.embeds[0]?.title],
        ['open', 'open'],
        'content and embed',
      )
    },
  },
  {
    id: 'gateway.content.own',
    title: 'A user’s own messages keep their content',
    covers: ['gateway.content'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      await guild.send('mine', guild.member)
      expectIncludes(await socket.nextEvent('MESSAGE_CREATE'), { content: 'mine' }, 'the event')
    },
  },
  {
    id: 'gateway.content.mentioned',
    title: 'A message that mentions a user keeps its content for that user only',
    covers: ['gateway.content'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const [member, other] = [
        await guild.member.connect({ intents: WITHOUT }),
        await cy.connect({ intents: WITHOUT }),
      ]
      const content = `for you, <@${guild.member.id}>`
      await guild.send(content)
      expectIncludes(await member.nextEvent('MESSAGE_CREATE'), { content }, 'to the mentioned user')
      expectIncludes(await other.nextEvent('MESSAGE_CREATE'), { content: '' }, 'to another user')
    },
  },
  {
    id: 'gateway.content.dm',
    title: 'Direct messages keep their content',
    covers: ['gateway.content'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const socket = await bob.connect({ intents: WITHOUT })
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'psst' })
      expectIncludes(await socket.nextEvent('MESSAGE_CREATE'), { content: 'psst' }, 'the event')
    },
  },
  {
    id: 'gateway.content.reply',
    title: 'A quoted message is hidden like the reply that quotes it',
    covers: ['gateway.content'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      const question = await guild.send('secret question')
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages`, {
        content: 'secret answer',
        message_reference: { message_id: question.id },
      })
      const reply = await socket.nextEvent('MESSAGE_CREATE', (d) => d.type === 19)
      expectEqual(reply.content, '', 'the answer')
      expectEqual(reply.referenced_message?.content ?? '', '', 'the question')
    },
  },
  {
    id: 'gateway.content.quoted',
    title: 'A user’s own message keeps its content where a reply quotes it without a mention',
    covers: ['gateway.content', 'bites.quoted'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const [member, other] = [
        await guild.member.connect({ intents: WITHOUT }),
        await cy.connect({ intents: WITHOUT }),
      ]
      const question = await guild.send('my question', guild.member)
      await guild.owner.api.post(`/channels/${guild.textChannelId}/messages`, {
        content: 'secret answer',
        message_reference: { message_id: question.id },
        allowed_mentions: { parse: [] },
      })
      const isReply = (d: { type: number }): boolean => d.type === 19
      const received = await member.nextEvent('MESSAGE_CREATE', isReply)
      expectEqual(
        [received.content, received.referenced_message?.content],
        ['', 'my question'],
        'to the quoted user',
      )
      const receivedByOther = await other.nextEvent('MESSAGE_CREATE', isReply)
      expectEqual(
        [receivedByOther.content, receivedByOther.referenced_message?.content],
        ['', ''],
        'to another user',
      )
    },
  },
]
