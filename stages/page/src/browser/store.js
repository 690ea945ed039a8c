/** Milliseconds that a typing indicator stays without another event, as documented. */
const TYPING_MS = 10_000

const nameOf = (member) => member.nick ?? member.user.global_name ?? member.user.username

/**
 * The state that gateway events build up, except for messages: guilds with their channels, members
 * and presences (Maps by id), and typing users. `apply` takes one event.
 */
export function createStore({ me, now = Date.now }) {
  const guilds = new Map()
  /** The time at which an indicator ends, by channel and user. */
  const typing = new Map()
  /** Guilds that READY announced, and whose GUILD_CREATE has not arrived. */
  const expected = new Set()
  let ready = false

  const putGuild = (d) => {
    expected.delete(d.id)
    const members = new Map((d.members ?? []).map((member) => [member.user.id, nameOf(member)]))
    const presences = new Map(
      (d.presences ?? []).map((presence) => [presence.user.id, presence.status]),
    )
    const channels = new Map((d.channels ?? []).map((channel) => [channel.id, channel]))
    guilds.set(d.id, {
      id: d.id,
      name: d.name,
      ownerId: d.owner_id,
      available: true,
      memberCount: d.member_count ?? members.size,
      channels,
      members,
      presences,
    })
  }
  const updateGuild = (id, change) => {
    const guild = guilds.get(id)
    if (guild) change(guild)
  }
  const setTyping = (channel, user, until) => {
    const users = typing.get(channel) ?? new Map()
    typing.set(channel, users)
    if (until === undefined) users.delete(user)
    else users.set(user, until)
  }

  const handlers = {
    /** Guilds that a new session does not announce are gone. */
    READY: (d) => {
      const announced = new Set(d.guilds.map((guild) => guild.id))
      for (const id of guilds.keys()) if (!announced.has(id)) guilds.delete(id)
      expected.clear()
      for (const id of announced) if (!guilds.has(id)) expected.add(id)
      ready = true
      typing.clear()
    },
    GUILD_CREATE: putGuild,
    GUILD_UPDATE: (d) =>
      updateGuild(d.id, (guild) => Object.assign(guild, { name: d.name, ownerId: d.owner_id })),
    GUILD_DELETE: (d) => {
      expected.delete(d.id)
      if (d.unavailable) updateGuild(d.id, (guild) => Object.assign(guild, { available: false }))
      else guilds.delete(d.id)
    },
    CHANNEL_CREATE: (d) => updateGuild(d.guild_id, (guild) => guild.channels.set(d.id, d)),
    CHANNEL_UPDATE: (d) => updateGuild(d.guild_id, (guild) => guild.channels.set(d.id, d)),
    CHANNEL_DELETE: (d) => updateGuild(d.guild_id, (guild) => guild.channels.delete(d.id)),
    GUILD_MEMBER_ADD: (d) =>
      updateGuild(d.guild_id, (guild) => {
        if (!guild.members.has(d.user.id)) guild.memberCount += 1
        guild.members.set(d.user.id, nameOf(d))
      }),
    GUILD_MEMBER_UPDATE: (d) =>
      updateGuild(d.guild_id, (guild) => guild.members.set(d.user.id, nameOf(d))),
    GUILD_MEMBER_REMOVE: (d) =>
      updateGuild(d.guild_id, (guild) => {
        guild.memberCount -= 1
        guild.members.delete(d.user.id)
        guild.presences.delete(d.user.id)
      }),
    GUILD_MEMBERS_CHUNK: (d) =>
      updateGuild(d.guild_id, (guild) => {
        for (const member of d.members) guild.members.set(member.user.id, nameOf(member))
        for (const presence of d.presences ?? [])
          guild.presences.set(presence.user.id, presence.status)
      }),
    PRESENCE_UPDATE: (d) =>
      updateGuild(d.guild_id, (guild) => guild.presences.set(d.user.id, d.status)),
    TYPING_START: (d) => {
      if (d.member)
        updateGuild(d.guild_id, (guild) => guild.members.set(d.user_id, nameOf(d.member)))
      setTyping(d.channel_id, d.user_id, now() + TYPING_MS)
    },
    MESSAGE_CREATE: (d) => {
      setTyping(d.channel_id, d.author.id)
      if (d.member)
        updateGuild(d.guild_id, (guild) =>
          guild.members.set(d.author.id, nameOf({ ...d.member, user: d.author })),
        )
    },
  }

  return {
    guilds,
    /** All guilds of the user have arrived. A missing guild may still come before that. */
    get complete() {
      return ready && expected.size === 0
    },
    apply: (type, d) => handlers[type]?.(d),
    /** Channels with messages, in the guild's order. */
    textChannels: (guild) =>
      [...guild.channels.values()]
        .filter((channel) => channel.type === 0 || channel.type === 5)
        .sort((a, b) => a.position - b.position || (a.id < b.id ? -1 : 1)),
    guildOf: (channel) => [...guilds.values()].find((guild) => guild.channels.has(channel)),
    /** Names of the other users who type in a channel, and the time at which the next one stops. */
    typingIn(channel, guild) {
      const users = [...(typing.get(channel) ?? [])].filter(
        ([user, until]) => user !== me && until > now(),
      )
      return {
        names: users.map(([user]) => guild?.members.get(user) ?? 'Someone'),
        until: Math.min(...users.map(([, until]) => until)),
      }
    },
  }
}
