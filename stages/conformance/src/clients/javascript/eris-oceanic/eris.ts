import { Agent } from 'node:https'
import { connect as connectTo } from 'node:net'
import * as eris from 'eris'
import type { Client, Guild, Message } from './dialect.ts'
import { run } from './script.ts'

const { Constants } = eris
const native = (client: Client) => client as unknown as eris.Client
const guildOf = (guild: Guild) => guild as unknown as eris.Guild
const messageOf = (message: Message) => message as unknown as eris.Message

await run({
  name: 'eris',
  manageMessages: Constants.Permissions.manageMessages,
  guildFirst: true,

  /**
   * eris accepts only addresses of the form `https://host/path`. Its option `agent`, meant for
   * proxies, decides how to connect to that host: here to the tested address, without TLS. eris
   * gets the address of the gateway from the API.
   */
  connect(base, token) {
    const { hostname, port } = new URL(base)
    const agent = Object.assign(new Agent({ keepAlive: true }), {
      createConnection: () => connectTo(Number(port), hostname),
    })
    const client = new eris.Client(`Bot ${token}`, {
      intents: ['all'],
      restMode: true,
      rest: { agent, domain: `${hostname}:${port}`, baseURL: '/api/v9' },
    })
    return client as unknown as Client
  },
  disconnect: (client) => native(client).disconnect({ reconnect: false }),
  isRefusal: (error, status, code) =>
    error instanceof eris.DiscordRESTError &&
    error.code === code &&
    error.res.statusCode === status,

  isPermitted: (client, guild, permission) =>
    guildOf(guild).permissionsOf(client.user.id).has(permission),
  approximateMemberCount: async (client, { id }) =>
    (await native(client).getRESTGuild(id, true)).approximateMemberCount,
  addMember: (guild, { id, token }) => guildOf(guild).addMember(id, token),
  kickMember: (guild, userId) => guildOf(guild).kickMember(userId),
  restMembers: (guild) => guildOf(guild).getRESTMembers({ limit: 1_000 }),
  restUsername: async (guild, userId) => (await guildOf(guild).getRESTMember(userId)).username,
  async createHiddenChannel(guild, name, topic) {
    const { viewChannel } = Constants.Permissions
    const type = Constants.PermissionOverwriteTypes.ROLE
    const hidden = { id: guild.id, type, allow: 0n, deny: viewChannel }
    return (await guildOf(guild).createChannel(name, Constants.ChannelTypes.GUILD_TEXT, {
      topic,
      permissionOverwrites: [hidden],
    })) as never
  },
  isHidden: (channel, guildId) =>
    (channel as unknown as eris.TextChannel).permissionOverwrites
      .get(guildId)
      ?.has('viewChannel') === false,
  async showChannel(channel, userId) {
    await (channel as unknown as eris.TextChannel).editPermission(
      userId,
      Constants.Permissions.viewChannel,
      0n,
      Constants.PermissionOverwriteTypes.USER,
    )
  },
  fetchChannel: (client, id) => native(client).getRESTChannel(id),
  async fetchInvite(client, code) {
    const { guild, channel, inviter } = await native(client).getInvite(code, true)
    return [guild?.id, channel?.id, inviter?.id]
  },

  isMentioned: (message, userId) => messageOf(message).mentions.some(({ id }) => id === userId),
  react: (message, emoji) => messageOf(message).addReaction(emoji),
  unreact: (message, emoji) => messageOf(message).removeReaction(emoji),
  reactors: (message, emoji) => messageOf(message).getReaction(emoji),
  reactionCount: (message, emoji) => messageOf(message).reactions[emoji]?.count,
  reactionOf(args) {
    const [, emoji, user] = args as [unknown, { name: string }, { id: string } | string]
    return { emoji: emoji.name, userId: typeof user === 'string' ? user : user.id }
  },
  sendDirect: async (client, userId, content) =>
    (await native(client).getDMChannel(userId)).createMessage(content),
  replyDirect: (client, message, content) =>
    native(client).createMessage(messageOf(message).channel.id, content),
  channelOf: (message) => messageOf(message).channel.id,
  async search(client, guild, word) {
    // eris has no method for searching. This is its request handler, with its queue and errors.
    const path = `/guilds/${guild.id}/messages/search`
    const found = await native(client).requestHandler.request('GET', path, true, { content: word })
    return (found as { messages: { id: string }[][] }).messages[0]?.[0]?.id
  },

  async setStatus(client, status, watching) {
    const activity = { name: watching ?? '', type: Constants.ActivityTypes.WATCHING }
    if (watching === undefined) native(client).editStatus(status)
    else native(client).editStatus(status, activity)
  },
  presenceOf(args) {
    const [{ id, status, activities }] = args as [eris.Member]
    return { userId: id, status, activity: activities?.[0]?.name }
  },
  // Only the gateway's part: the voice connection of eris requires TLS.
  voiceServer(client, _guild, resolve) {
    native(client).on('rawWS', ({ t, d }) => {
      const { endpoint, token } = (d ?? {}) as { endpoint?: string; token?: string }
      if (t === 'VOICE_SERVER_UPDATE') resolve(`${endpoint} ${token}`)
    })
  },
  moveVoice: (_client, guild, channel_id) =>
    guildOf(guild).shard.sendWS(Constants.GatewayOPCodes.VOICE_STATE_UPDATE, {
      guild_id: guild.id,
      channel_id,
      self_mute: false,
      self_deaf: true,
    }),
  voiceState(_client, guild, userId) {
    const state = guildOf(guild).members.get(userId)?.voiceState
    return [state?.channelID, state?.selfDeaf, state?.selfMute]
  },
})
