import { Intent } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { ALL_INTENTS } from '../../actor.ts'
import type { Case } from '../../case.ts'
import { includes, same } from '../../expect.ts'

const WITHOUT = ALL_INTENTS & ~Intent.MessageContent

export const contentCases: readonly Case[] = [
  {
    id: 'gateway.content.others',
    sentence:
      'Without MESSAGE_CONTENT another’s message comes without text and embeds, and everything else of it stays',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      const path = `/channels/${guild.text}/messages`
      const sent = await guild.owner.api.post<APIMessage>(path, {
        content: 'secret',
        embeds: [{ title: 'secret' }],
      })
      const created = await socket.next('MESSAGE_CREATE')
      includes(
        created,
        {
          id: sent.id,
          content: '',
          embeds: [],
          attachments: [],
          channel_id: guild.text,
          guild_id: guild.id,
        },
        'MESSAGE_CREATE',
      )
      includes(created.author, { id: guild.owner.id }, 'its author')
      await guild.owner.api.patch(`${path}/${sent.id}`, { content: 'secret still' })
      includes(
        await socket.next('MESSAGE_UPDATE'),
        { id: sent.id, content: '', embeds: [] },
        'MESSAGE_UPDATE',
      )
    },
  },
  {
    id: 'gateway.content.with',
    sentence: 'With MESSAGE_CONTENT it comes whole',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect()
      await guild.owner.api.post(`/channels/${guild.text}/messages`, {
        content: 'open',
        embeds: [{ title: 'open' }],
      })
      const created = await socket.next('MESSAGE_CREATE')
      same([created.content, created.embeds[0]?.title], ['open', 'open'], 'text and embed')
    },
  },
  {
    id: 'gateway.content.own',
    sentence: 'One’s own messages keep their content',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      await guild.say('mine', guild.member)
      includes(await socket.next('MESSAGE_CREATE'), { content: 'mine' }, 'the event')
    },
  },
  {
    id: 'gateway.content.mentioned',
    sentence: 'A message that mentions one keeps its content, for one alone',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const [member, other] = [
        await guild.member.connect({ intents: WITHOUT }),
        await cy.connect({ intents: WITHOUT }),
      ]
      const content = `for you, <@${guild.member.id}>`
      await guild.say(content)
      includes(await member.next('MESSAGE_CREATE'), { content }, 'to who is mentioned')
      includes(await other.next('MESSAGE_CREATE'), { content: '' }, 'to another')
    },
  },
  {
    id: 'gateway.content.dm',
    sentence: 'Direct messages keep their content',
    async run(world) {
      const [ada, bob] = [await world.user(), await world.user('bob')]
      const socket = await bob.connect({ intents: WITHOUT })
      const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'psst' })
      includes(await socket.next('MESSAGE_CREATE'), { content: 'psst' }, 'the event')
    },
  },
  {
    id: 'gateway.content.reply',
    sentence: 'What a reply quotes is as hidden as the reply',
    async run(world) {
      const guild = await world.guild()
      const socket = await guild.member.connect({ intents: WITHOUT })
      const question = await guild.say('secret question')
      await guild.owner.api.post(`/channels/${guild.text}/messages`, {
        content: 'secret answer',
        message_reference: { message_id: question.id },
      })
      const reply = await socket.next('MESSAGE_CREATE', (d) => d.type === 19)
      same(reply.content, '', 'the answer')
      same(reply.referenced_message?.content ?? '', '', 'the question')
    },
  },
  {
    id: 'gateway.content.quoted',
    sentence: 'One’s own words stay whole where another quotes them without a mention',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const [member, other] = [
        await guild.member.connect({ intents: WITHOUT }),
        await cy.connect({ intents: WITHOUT }),
      ]
      const question = await guild.say('my question', guild.member)
      await guild.owner.api.post(`/channels/${guild.text}/messages`, {
        content: 'secret answer',
        message_reference: { message_id: question.id },
        allowed_mentions: { parse: [] },
      })
      const isReply = (d: { type: number }): boolean => d.type === 19
      const heard = await member.next('MESSAGE_CREATE', isReply)
      same(
        [heard.content, heard.referenced_message?.content],
        ['', 'my question'],
        'to who is quoted',
      )
      const overheard = await other.next('MESSAGE_CREATE', isReply)
      same([overheard.content, overheard.referenced_message?.content], ['', ''], 'to another')
    },
  },
]
