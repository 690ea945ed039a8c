import { Intent, Op } from '@threshold/contract'
import type { Fixture } from '../../fixture.ts'
import type { DispatchName } from '../../socket.ts'
import type { TestGuild } from '../../test-guild.ts'
import { sendVoiceState } from './voice-state.ts'

/** The events that need an intent, and what causes them. */
export interface IntentEvents {
  readonly intent: number
  readonly events: readonly DispatchName[]
  cause(guild: TestGuild, fixture: Fixture): Promise<void>
}

const reactions = (guild: TestGuild, id: string): string =>
  `/channels/${guild.textChannelId}/messages/${id}/reactions/👍/@me`

export const INTENT_EVENTS: Readonly<Record<string, IntentEvents>> = {
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
      const at = `/channels/${guild.textChannelId}/messages`
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
    cause: (guild) => guild.owner.api.post(`/channels/${guild.textChannelId}/typing`),
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
      sendVoiceState(socket, guild, guild.voiceChannelId)
      await socket.nextEvent('VOICE_STATE_UPDATE')
    },
  },
}
