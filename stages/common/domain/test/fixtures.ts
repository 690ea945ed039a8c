import { Permission } from '@threshold/contract'
import type { Channel, Guild, GuildState, Member, Overwrite, Role, User } from '../src/index.ts'

/** The first digit of an id tells its kind: 1 guild, 2 user, 3 role, 4 channel. */
export const GUILD = '1'
export const OWNER = '20'

export const bits = (...names: (keyof typeof Permission)[]): string =>
  names.reduce((all, name) => all | Permission[name], 0n).toString()

export const aUser = (id: string): User => ({ v: 1, id, username: `user${id}`, bot: false })

export const aMember = (
  id: string,
  roles: readonly string[] = [],
  fields: Partial<Member> = {},
): Member => ({
  user: aUser(id),
  nick: null,
  roles,
  joinedAt: 0,
  mute: false,
  deaf: false,
  ...fields,
})

export const aRole = (
  id: string,
  position: number,
  permissions = '0',
  fields: Partial<Role> = {},
): Role => ({
  id,
  name: `role${id}`,
  color: 0,
  hoist: false,
  position,
  permissions,
  mentionable: false,
  ...fields,
})

export const aChannel = (
  id: string,
  overwrites: readonly Overwrite[] = [],
  fields: Partial<Channel> = {},
): Channel => ({
  v: 1,
  id,
  type: 0,
  guildId: GUILD,
  name: `channel${id}`,
  topic: null,
  position: 0,
  parentId: null,
  nsfw: false,
  rateLimitPerUser: 0,
  overwrites,
  ...fields,
})

const guild: Guild = {
  v: 1,
  id: GUILD,
  name: 'a guild',
  ownerId: OWNER,
  description: null,
  systemChannelId: null,
  afkChannelId: null,
  afkTimeout: 300,
  verificationLevel: 0,
  defaultMessageNotifications: 0,
  explicitContentFilter: 0,
  preferredLocale: 'en-US',
}

export interface GuildParts {
  readonly everyone?: string
  readonly roles?: readonly Role[]
  readonly channels?: readonly Channel[]
  /** Members besides the owner. */
  readonly members?: readonly Member[]
  readonly guild?: Partial<Guild>
}

export function aGuild(parts: GuildParts = {}): GuildState {
  const everyone = aRole(GUILD, 0, parts.everyone ?? bits('ViewChannel', 'SendMessages'), {
    name: '@everyone',
  })
  return {
    guild: { ...guild, ...parts.guild },
    roles: new Map([everyone, ...(parts.roles ?? [])].map((r) => [r.id, r])),
    channels: new Map((parts.channels ?? []).map((c) => [c.id, c])),
    members: new Map([aMember(OWNER), ...(parts.members ?? [])].map((m) => [m.user.id, m])),
  }
}

export const roleOverwrite = (id: string, allow = '0', deny = '0'): Overwrite => ({
  id,
  type: 0,
  allow,
  deny,
})
export const memberOverwrite = (id: string, allow = '0', deny = '0'): Overwrite => ({
  id,
  type: 1,
  allow,
  deny,
})
