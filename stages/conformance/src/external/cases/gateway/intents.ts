import { Intent, Op } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import type { DispatchName, Socket } from '../../socket.ts'
import { DELIVERY_MARKER, type TestGuild } from '../../test-guild.ts'
import { ALL_INTENTS } from '../../test-user.ts'
import { INTENT_EVENTS, type IntentEvents } from './intent-events.ts'

const intentName = (name: string): string => name.toUpperCase().replaceAll('-', '_')
const need = (events: readonly string[]): string => (events.length === 1 ? 'needs' : 'need')

/**
 * Waits for an event that the socket receives with these intents. A guild's events have one order,
 * so every earlier event has arrived by then.
 */
async function awaitDelivery(guild: TestGuild, socket: Socket, intents: number): Promise<void> {
  if ((intents & Intent.GuildMessages) !== 0) return guild.awaitDelivery(socket)
  await guild.owner.api.patch(`/guilds/${guild.id}`, { name: DELIVERY_MARKER })
  await socket.nextEvent('GUILD_UPDATE', (d) => d.name === DELIVERY_MARKER)
}

const guildIntentCase = (name: string, { intent, events, cause }: IntentEvents): Case => ({
  id: `gateway.intents.${name}`,
  title: `${events.join(', ')} ${need(events)} the ${intentName(name)} intent`,
  covers: ['gateway.intents'],
  async run(fixture) {
    const guild = await fixture.guild()
    const without = await guild.member.connect({ intents: ALL_INTENTS & ~intent })
    const only = await guild.member.connect({ intents: intent })
    await cause(guild, fixture)
    for (const event of events) await only.nextEvent(event)
    await awaitDelivery(guild, without, ALL_INTENTS & ~intent)
    for (const event of events)
      expectEqual(
        without.received(event, (d) => !isOwn(d, guild)),
        [],
        `${event} without the intent`,
      )
    const others = only.frames
      .filter((frame) => frame.op === 0 && frame.t !== 'READY')
      .map((frame) => frame.t!)
    const allowed = new Set<string>([
      ...events,
      ...(intent === Intent.Guilds ? ['GUILD_CREATE'] : []),
    ])
    expectEqual(
      others.filter((event) => !allowed.has(event)),
      [],
      'other events with only this intent',
    )
  },
})

/** Whether an event is about the member itself, who receives it without the intent. */
const isOwn = (d: unknown, guild: TestGuild): boolean =>
  (d as { user?: { id?: string } }).user?.id === guild.member.id

/** A case of an intent for direct messages. `cause` acts as Ada; Bob receives the events. */
const directIntentCase = (
  name: string,
  intent: number,
  events: readonly DispatchName[],
  cause: (ada: TestGuild['owner'], dm: string) => Promise<void>,
): Case => ({
  id: `gateway.intents.${name}`,
  title: `${events.join(', ')} in a direct message ${need(events)} the ${intentName(name)} intent`,
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
    // The session without the intent receives a later event of another kind. The events that it
    // must not receive would have come before.
    if (intent === Intent.DirectMessages) {
      await ada.api.post(`/channels/${id}/typing`)
      await without.nextEvent('TYPING_START')
    } else {
      await ada.api.post(`/channels/${id}/messages`, { content: DELIVERY_MARKER })
      await without.nextEvent('MESSAGE_CREATE', (d) => d.content === DELIVERY_MARKER)
    }
    for (const event of events)
      expectEqual(without.received(event), [], `${event} without the intent`)
  },
})

export const intentCases: readonly Case[] = [
  ...Object.entries(INTENT_EVENTS).map(([name, each]) => guildIntentCase(name, each)),
  directIntentCase(
    'direct-messages',
    Intent.DirectMessages,
    ['MESSAGE_CREATE', 'MESSAGE_UPDATE', 'MESSAGE_DELETE'],
    async (ada, dm) => {
      const { id } = await ada.api.post<APIMessage>(`/channels/${dm}/messages`, { content: 'psst' })
      await ada.api.patch(`/channels/${dm}/messages/${id}`, { content: 'never mind' })
      await ada.api.delete(`/channels/${dm}/messages/${id}`)
    },
  ),
  directIntentCase(
    'direct-message-reactions',
    Intent.DirectMessageReactions,
    ['MESSAGE_REACTION_ADD', 'MESSAGE_REACTION_REMOVE'],
    async (ada, dm) => {
      const { id } = await ada.api.post<APIMessage>(`/channels/${dm}/messages`, { content: 'psst' })
      await ada.api.put(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
      await ada.api.delete(`/channels/${dm}/messages/${id}/reactions/👍/@me`)
    },
  ),
  directIntentCase(
    'direct-message-typing',
    Intent.DirectMessageTyping,
    ['TYPING_START'],
    (ada, dm) => ada.api.post(`/channels/${dm}/typing`),
  ),
  {
    id: 'gateway.intents.none',
    title: 'A session without intents receives no event of its guilds',
    covers: ['gateway.intents'],
    async run(fixture) {
      const guild = await fixture.guild()
      const [all, none] = [await guild.member.connect(), await guild.member.connect({ intents: 0 })]
      await guild.send('hello')
      await guild.owner.api.patch(`/guilds/${guild.id}`, { name: 'renamed' })
      await guild.owner.api.post(`/channels/${guild.textChannelId}/typing`)
      await guild.awaitDelivery(all)
      // An answer to a request needs no intent. It comes after the events that must not arrive.
      none.send(Op.RequestGuildMembers, {
        guild_id: guild.id,
        user_ids: [guild.owner.id],
        limit: 0,
      })
      await none.nextEvent('GUILD_MEMBERS_CHUNK')
      expectEqual(
        none.frames.filter((frame) => frame.op === 0).map((frame) => frame.t),
        ['READY', 'GUILD_MEMBERS_CHUNK'],
        'the received events',
      )
    },
  },
  {
    id: 'gateway.intents.own-member-update',
    title: 'A user receives GUILD_MEMBER_UPDATE about themselves without the GUILD_MEMBERS intent',
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
    title: 'Without GUILD_PRESENCES, GUILD_CREATE has no presence of other members',
    covers: ['gateway.intents'],
    async run(fixture) {
      const guild = await fixture.guild()
      const watcher = await guild.member.connect()
      await guild.owner.connect()
      await watcher.nextEvent(
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
