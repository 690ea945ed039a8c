import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'
import { expectContiguous } from '../../socket.ts'
import { DELIVERY_MARKER } from '../../test-guild.ts'

export const sequenceCases: readonly Case[] = [
  {
    id: 'gateway.sequence.contiguous',
    title:
      '`s` counts from 1 without a gap under many concurrent events, and each event comes once',
    covers: ['sessions.sequence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [one, two] = [await guild.member.connect(), await guild.owner.connect()]
      const sent = await Promise.all(
        Array.from({ length: 60 }, async (_, i) => {
          const { id } = await guild.send(`message ${i}`, i % 2 === 0 ? guild.owner : guild.member)
          if (i % 10 === 0) await guild.createChannel({ name: `channel-${i}` })
          if (i % 10 === 5)
            await guild.owner.api.put(
              `/channels/${guild.textChannelId}/messages/${id}/reactions/👍/@me`,
            )
          return id
        }),
      )
      await guild.awaitDelivery(one, two)
      for (const socket of [one, two]) {
        expectContiguous(socket.frames)
        const received = socket
          .received('MESSAGE_CREATE', (d) => d.content !== DELIVERY_MARKER)
          .map((d) => d.id)
        expectEqual(received.toSorted(), sent.toSorted(), 'the received messages')
        expectEqual(socket.received('CHANNEL_CREATE').length, 6, 'new channels')
        expectEqual(socket.received('MESSAGE_REACTION_ADD').length, 6, 'reactions')
      }
    },
  },
  {
    id: 'gateway.sequence.own',
    title:
      'Each session has its own sequence numbers: two sessions with different intents both ' +
      'count without a gap',
    covers: ['sessions.sequence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [all, some] = [
        await guild.member.connect(),
        await guild.member.connect({ intents: 1 << 9 }),
      ]
      for (let i = 0; i < 3; i++) {
        await guild.owner.api.post(`/channels/${guild.textChannelId}/typing`)
        await guild.send(`message ${i}`)
      }
      await guild.awaitDelivery(all, some)
      for (const socket of [all, some]) expectContiguous(socket.frames)
      expectEqual(some.sequence, 5, 'READY and four messages')
      expectTrue(all.sequence! > some.sequence!, 'the session with all intents received more')
    },
  },
  {
    id: 'gateway.sequence.order',
    title:
      'All sessions receive a channel’s messages in one order, and each author’s in the order ' +
      'they were sent',
    covers: ['sessions.sequence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const cy = await guild.newMember('cy')
      const sockets = [
        await guild.owner.connect(),
        await guild.member.connect(),
        await cy.connect(),
      ]
      const authors = [guild.owner, guild.member, cy]
      await Promise.all(
        authors.map(async (author) => {
          for (let i = 0; i < 15; i++) await guild.send(`${author.name} ${i}`, author)
        }),
      )
      await guild.awaitDelivery(...sockets)
      const received = sockets.map((socket) =>
        socket.received('MESSAGE_CREATE').map((d) => d.content),
      )
      for (const each of received) expectEqual(each, received[0]!, 'the order')
      for (const { name } of authors)
        expectEqual(
          received[0]!.filter((content) => content.startsWith(`${name} `)),
          Array.from({ length: 15 }, (_, i) => `${name} ${i}`),
          `the order of ${name}’s messages`,
        )
    },
  },
  {
    id: 'gateway.sequence.edits',
    title: 'A message’s create, edits and delete arrive in the order in which they happened',
    covers: ['sessions.sequence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect()
      const { id } = await guild.send('0')
      const path = `/channels/${guild.textChannelId}/messages/${id}`
      for (let i = 1; i <= 5; i++) await guild.owner.api.patch(path, { content: String(i) })
      await guild.owner.api.delete(path)
      await socket.nextEvent('MESSAGE_DELETE')
      const events = socket.frames
        .filter((frame) => frame.t?.startsWith('MESSAGE_'))
        .map((frame) => `${frame.t} ${(frame.d as { content?: string }).content ?? ''}`.trim())
      expectEqual(
        events,
        [
          'MESSAGE_CREATE 0',
          ...[1, 2, 3, 4, 5].map((i) => `MESSAGE_UPDATE ${i}`),
          'MESSAGE_DELETE',
        ],
        'the events',
      )
    },
  },
]
