import * as oceanic from 'oceanic.js'
import type { Client, Guild, Message } from './dialect.ts'
import { run } from './script.ts'

const native = (client: Client) => client as unknown as oceanic.Client
const guildOf = (guild: Guild) => guild as unknown as oceanic.Guild
const messageOf = (message: Message) => message as unknown as oceanic.Message

const PERMISSIONS = { administrator: 'ADMINISTRATOR', manageMessages: 'MANAGE_MESSAGES' } as const

await run({
  name: 'oceanic.js',
  manageMessages: oceanic.Permissions.MANAGE_MESSAGES.toString(),
  guildFirst: false,

  /** The address of the API is an option. oceanic.js gets that of the gateway from the API. */
  connect: (base, token) =>
    new oceanic.Client({
      auth: `Bot ${token}`,
      rest: { baseURL: `${base}/api/v10` },
      gateway: { intents: ['ALL'] },
    }) as unknown as Client,
  disconnect: (client) => native(client).disconnect(false),
  applicationId: (client) => native(client).application.id,
  isRefusal: (error, status, code) =>
    error instanceof oceanic.DiscordRESTError && error.code === code && error.status === status,

  isPermitted: (_client, guild, permission) =>
    guildOf(guild).clientMember.permissions.has(PERMISSIONS[permission]),
  approximateMemberCount: async (client, { id }) =>
    (await native(client).rest.guilds.get(id, true)).approximateMemberCount,
  async addMember(guild, { id, token }) {
    await guildOf(guild).addMember(id, { accessToken: token })
  },
  kickMember: (guild, userId) => guildOf(guild).removeMember(userId),
  restMembers: (guild) => guildOf(guild).getMembers({ limit: 1_000 }),
  restUsername: async (guild, userId) => (await guildOf(guild).getMember(userId)).username,
  async createHiddenChannel(guild, name, topic) {
    const deny = oceanic.Permissions.VIEW_CHANNEL
    const hidden = { id: guild.id, type: oceanic.OverwriteTypes.ROLE, allow: 0n, deny }
    return (await guildOf(guild).createChannel(oceanic.ChannelTypes.GUILD_TEXT, {
      name,
      topic,
      permissionOverwrites: [hidden],
    })) as never
  },
  isHidden: (channel, guildId) =>
    (channel as unknown as oceanic.TextChannel).permissionOverwrites
      .get(guildId)
      ?.has('VIEW_CHANNEL') === false,
  showChannel: (channel, userId) =>
    (channel as unknown as oceanic.TextChannel).editPermission(userId, {
      type: oceanic.OverwriteTypes.MEMBER,
      allow: oceanic.Permissions.VIEW_CHANNEL,
    }),
  fetchChannel: (client, id) => native(client).rest.channels.get(id),
  async fetchInvite(client, code) {
    const { guildID, channelID, inviter } = await native(client).rest.channels.getInvite(code, {})
    return [guildID ?? undefined, channelID ?? undefined, inviter?.id]
  },

  isMentioned: (message, userId) =>
    messageOf(message).mentions.users.some(({ id }) => id === userId),
  react: (message, emoji) => messageOf(message).createReaction(emoji),
  unreact: (message, emoji) => messageOf(message).deleteReaction(emoji),
  reactors: (message, emoji) => messageOf(message).getReactions(emoji),
  reactionCount: (message) => messageOf(message).reactions[0]?.count,
  reactionOf(args) {
    const [, user, reaction] = args as [unknown, { id: string }, { emoji: { name: string } }]
    return { emoji: reaction.emoji.name, userId: user.id }
  },
  sendDirect: async (client, userId, content) =>
    (await native(client).users.get(userId)!.createDM()).createMessage({ content }),
  replyDirect: (_client, message, content) => messageOf(message).reply({ content }),
  channelOf: (message) => messageOf(message).channelID,
  async search(client, guild, word) {
    const found = await guildOf(guild).searchMessages({
      content: word,
      authorIDs: [client.user.id],
      channelIDs: [...guild.channels.keys()],
    })
    return found.totalResults === 1 ? found.messages[0]?.[0]?.id : undefined
  },

  async setStatus(client, status, watching) {
    const activity = { name: watching ?? '', type: oceanic.ActivityTypes.WATCHING } as const
    await native(client).editStatus(status, watching === undefined ? undefined : [activity])
  },
  presenceOf(args) {
    const [, { id }, { status, activities }] = args as [unknown, oceanic.Member, oceanic.Presence]
    return { userId: id, status, activity: activities?.[0]?.name }
  },
  // The adapter through which @discordjs/voice uses oceanic.js, and the shard that sends for it.
  voiceServer(client, guild, resolve) {
    native(client).voiceAdapters.set(guild.id, {
      onVoiceServerUpdate: (data: { endpoint?: string | null; token: string }) =>
        resolve(`${data.endpoint} ${data.token}`),
      onVoiceStateUpdate: () => {},
      destroy: () => {},
    })
  },
  moveVoice: (client, guild, channelId) =>
    native(client)
      .shards.get(0)!
      .updateVoiceState(guild.id, channelId, { selfDeaf: true, selfMute: false }),
  voiceState(_client, guild, userId) {
    const state = guildOf(guild).voiceStates.get(userId)
    return [state?.channelID, state?.selfDeaf, state?.selfMute]
  },
})
