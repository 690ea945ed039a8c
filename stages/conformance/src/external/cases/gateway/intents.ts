import { Intent, Op } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import type { Fixture } from '../../fixture.ts'
import type { DispatchName, Socket } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { ALL_INTENTS } from '../../test-user.ts'

/** What a guild does that is told under one intent alone, and the events it is told by. */
interface Admission {
  readonly intent: number
  readonly events: readonly DispatchName[]
  cause(guild: TestGuild, fixture: Fixture): Promise<void>
}

const reactions = (guild: TestGuild, id: string): string =>
  `/channels/${guild.textId}/messages/${id}/reactions/👍/@me`

const ADMISSIONS: Readonly<Record<string, Admission>> = {
  guilds: {
    intent: Intent.Guilds,
    events: [
      'GUILD_UPDATE',
      'GUILD_ROLE_CREATE',
      'GUILD_ROLE_UPDATE',
      'GUILD_ROLE_DELETE',
      'CHANNEL_CREATE',
      'CHANNEL_UPDATE',
      'CHANNEL_DELETE',
    ],
    async cause(guild) {
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      const role = await guild.createRole(0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${role.id}`, { name: 'renamed' })
      await guild.owner.api.delete(`/guilds/${guild.id}/roles/${role.id}`)
      const channel = await guild.createChannel()
      await guild.owner.api.patch(`/channels/${channel.id}`, { name: 'renamed' })
      await guild.owner.api.delete(`/channels/${channel.id}`)
    },
  },
  'guild-members': {
    intent: Intent.GuildMembers,
    events: ['GUILD_MEMBER_ADD', 'GUILD_MEMBER_UPDATE', 'GUILD_MEMBER_REMOVE'],
    async cause(guild) {
      const cy = await guild.newMember('cy')
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${cy.id}`, { nick: 'Cy' })
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${cy.id}`)
    },
  },
  'guild-messages': {
    intent: Intent.GuildMessages,
    events: ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'MESSAGE_DELETE', 'MESSAGE_DELETE_BULK'],
    async cause(guild) {
      const [one, two, three] = [
        await guild.send('one'),
        await guild.send('two'),
        await guild.send('three'),
      ]
      const at = `/channels/${guild.textId}/messages`
      await guild.owner.api.patch(`${at}/${one.id}`, { content: 'edited' })
      await guild.owner.api.delete(`${at}/${one.id}`)
      await guild.owner.api.post(`${at}/bulk-delete`, { messages: [two.id, three.id] })
    },
  },
  'guild-message-reactions': {
    intent: Intent.GuildMessageReactions,
    events: ['MESSAGE_REACTION_ADD', 'MESSAGE_REACTION_REMOVE'],
    async cause(guild) {
      const { id } = await guild.send('react')
      await guild.owner.api.put(reactions(guild, id))
      await guild.owner.api.delete(reactions(guild, id))
    },
  },
  'guild-message-typing': {
    intent: Intent.GuildMessageTyping,
    events: ['TYPING_START'],
    cause: (guild) => guild.owner.api.post(`/channels/${guild.textId}/typing`),
  },
  'guild-presences': {
    intent: Intent.GuildPresences,
    events: ['PRESENCE_UPDATE'],
    async cause(guild) {
      const socket = await guild.owner.connect()
      socket.send(Op.PresenceUpdate, { status: 'dnd', activities: [], since: null, afk: false })
      await socket.nextEvent('PRESENCE_UPDATE', (d) => d.status === 'dnd')
    },
  },
  'guild-voice-states': {
    intent: Intent.GuildVoiceStates,
    events: ['VOICE_STATE_UPDATE'],
    async cause(guild) {
      const socket = await guild.owner.connect()
      socket.send(Op.VoiceStateUpdate, {
        guild_id: guild.id,
        channel_id: guild.voiceId,
        self_mute: false,
        self_deaf: false,
      })
      await socket.nextEvent('VOICE_STATE_UPDATE')
    },
  },
}

/**
 * Something that the socket hears whatever it was not told of before; its guild's events have one
 * order.
 */
async function settled(guild: TestGuild, socket: Socket, intents: number): Promise<void> {
  if ((intents & Intent.GuildMessages) !== 0) return guild.awaitDelivery(socket)
  await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'that is all' })
  await socket.nextEvent('GUILD_UPDATE', (d) => d.name === 'that is all')
}

const admission = (name: string, { intent, events, cause }: Admission): Case => ({
  id: `gateway.intents.${name}`,
  title: `${events.join(', ')}: told to who asked for ${name.toUpperCase().replaceAll('-', '_')}, and to nobody else`,
  covers: ['gateway.intents'],
  async run(fixture) {
    const guild = await fixture.guild()
    const without = await guild.member.connect({ intents: ALL_INTENTS & ~intent })
    const only = await guild.member.connect({ intents: intent })
    await cause(guild, fixture)
    for (const event of events) await only.nextEvent(event)
    await settled(guild, without, ALL_INTENTS & ~intent)
    for (const event of events)
      expectEqual(
        without.received(event, (d) => !isOwn(d, guild)),
        [],
        `${event} without the intent`,
      )
    const others = only.frames
      .filter((frame) => frame.op === 0 && frame.t !== 'READY')
      .map((frame) => frame.t!)
    const admitted = new Set<string>([
      ...events,
      ...(intent === Intent.Guilds ? ['GUILD_CREATE'] : []),
    ])
    expectEqual(
      others.filter((event) => !admitted.has(event)),
      [],
      'what else was told with this intent alone',
    )
  },
})

const isOwn = (d: unknown, guild: TestGuild): boolean =>
  (d as { user?: { id?: string } }).user?.id === guild.member.id

/** A direct message between two people, and what one of them does in it. */
const directly = (
  name: string,
  intent: number,
  events: readonly DispatchName[],
  cause: (ada: TestGuild['owner'], dm: string) => Promise<void>,
): Case => ({
  id: `gateway.intents.${name}`,
  title: `${events.join(', ')} in a direct message: told to who asked for ${name.toUpperCase().replaceAll('-', '_')}, and to nobody else`,
  covers: ['gateway.intents'],
  async run(fixture) {
    const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
    const { id } = await ada.api.post<{ id: string }>('/users/@me/channels', {
      recipient_id: bob.id,
    })
    const without = await bob.connect({ intents: ALL_INTENTS & ~intent })
    const only = await bob.connect({ intents: intent })
    await cause(ada, id)
    for (const event of events) await only.nextEvent(event)
    // The session without the intent gets another kind of event after those it must not get.
    if (intent === Intent.DirectMessages) {
      await ada.api.post(`/channels/${id}/typing`)
      await without.nextEvent('TYPING_START')
    } else {
      await ada.api.post(`/channels/${id}/messages`, { content: 'that is all' })
      await without.nextEvent('MESSAGE_CREATE', (d) => d.content === 'that is all')
    }
    for (const event of events)
      expectEqual(without.received(event), [], `${event} without the intent`)
  },
})

export const intentCases: readonly Case[] = [
  ...Object.entries(ADMISSIONS).map(([name, each]) => admission(name, each)),
  directly(
    'direct-messages',
    Intent.DirectMessages,
    ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'MESSAGE_DELETE'],
    async (ada, dm) => {
      const { id } = await ada.api.post<APIMessage>(`/channels/${dm}/messages`, { content: 'psst' })
      await ada.api.patch(`/channels/${dm}/messages/${id}`, { content: 'never mind' })
      await ada.api.delete(`/channels/${dm}/messages/${id}`)
    },
  ),
  directly(
    'direct-message-reactions',
    Intent.DirectMessageReactions,
    ['MESSAGE_REACTION_ADD', 'MESSAGE_REACTION_REMOVE'],
    async (ada, dm) => {
      const { id } = await ada.api.post<APIMessage>(`/channels/${dm}/messages`, { content: 'psst' })
      await ada.api.put(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
      await ada.api.delete(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
    },
  ),
  directly('direct-message-typing', Intent.DirectMessageTyping, ['TYPING_START'], (ada, dm) =>
    ada.api.post(`/channels/${dm}/typing`),
  ),
  {
    id: 'gateway.intents.none',
    title: 'With no intents a session is told of nothing that happens in its guilds',
    covers: ['gateway.intents'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [all, none] = [await guild.member.connect(), await guild.member.connect({ intents: 0 })]
      await guild.send('hello')
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      await guild.owner.api.post(`/channels/${guild.textId}/typing`)
      await guild.awaitDelivery(all)
      // What a session asks for is answered, and comes after what it was not told.
      none.send(Op.RequestGuildMembers, {
        guild_id: guild.id,
        user_ids: [guild.owner.id],
        limit: 0,
      })
      await none.nextEvent('GUILD_MEMBERS_CHUNK')
      expectEqual(
        none.frames.filter((frame) => frame.op === 0).map((frame) => frame.t),
        ['READY', 'GUILD_MEMBERS_CHUNK'],
        'what was told',
      )
    },
  },
  {
    id: 'gateway.intents.own-member-update',
    title: 'A change of oneself is told whatever the intents, as Discord does',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const socket = await guild.member.connect({ intents: Intent.Guilds })
      await guild.owner.api.patch(`/guilds/${guild.id}/members/${guild.member.id}`, { nick: 'B' })
      expectIncludes(await socket.nextEvent('GUILD_MEMBER_UPDATE'), { nick: 'B' }, 'the event')
    },
  },
  {
    id: 'gateway.intents.presences-in-guild',
    title: 'Without GUILD_PRESENCES, GUILD_CREATE holds no presence of another',
    covers: ['gateway.intents'],
    async run(fixture) {
      const guild = await fixture.guild()
      const watching = await guild.member.connect()
      await guild.owner.connect()
      await watching.nextEvent(
        'PRESENCE_UPDATE',
        (d) => d.user.id === guild.owner.id && d.status === 'online',
      )
      const socket = await guild.member.connect({ intents: ALL_INTENTS & ~Intent.GuildPresences })
      expectEqual(
        socket
          .received('GUILD_CREATE')[0]!
          .presences.filter((each) => each.user.id !== guild.member.id),
        [],
        'presences',
      )
    },
  },
]
