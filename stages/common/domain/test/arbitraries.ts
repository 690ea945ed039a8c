import { Permission } from '@threshold/contract'
import fc from 'fast-check'
import type { Channel, GuildCommand, GuildState, Member, Overwrite, Role } from '../src/index.ts'
import { aChannel, aGuild, aMember, aRole, aUser, GUILD, OWNER } from './fixtures.ts'

const USERS = ['20', '21', '22', '23', '24'] as const
/** Users who are not members at first. */
const STRANGERS = ['28', '29'] as const
const ROLES = ['31', '32', '33', '34', '35'] as const
const CHANNELS = ['41', '42', '43', '44'] as const
/** Ids for new things. Some are older than existing ids, because a command may carry any id. */
const NEW = ['30', '36', '37', '40', '45', '46'] as const

const BITS = [
  Permission.ViewChannel,
  Permission.SendMessages,
  Permission.MentionEveryone,
  Permission.AttachFiles,
  Permission.Connect,
  Permission.Speak,
  Permission.ManageRoles,
  Permission.ManageChannels,
  Permission.ManageGuild,
  Permission.ManageNicknames,
  Permission.ChangeNickname,
  Permission.KickMembers,
  Permission.MuteMembers,
  Permission.CreateInstantInvite,
  Permission.BanMembers,
] as const

const setOf = (most: number): fc.Arbitrary<bigint> =>
  fc.subarray([...BITS], { maxLength: most }).map((set) => set.reduce((all, bit) => all | bit, 0n))
export const permissionSet = setOf(BITS.length)
/** Few permissions at a time, so that there are permissions left to gain wrongly. */
const ordinary = setOf(3).map(String)
/** Rarely administrator: it would hide the rules for all other permissions. */
const rolePermissions = fc.oneof(
  { weight: 19, arbitrary: ordinary },
  { weight: 1, arbitrary: fc.constant(String(Permission.Administrator)) },
)

/** @everyone may manage in half of the guilds, where an escalation would start. */
const MANAGER =
  Permission.ViewChannel |
  Permission.ManageRoles |
  Permission.ManageChannels |
  Permission.CreateInstantInvite

const overwriteOf = (targets: readonly string[], type: 0 | 1): fc.Arbitrary<Overwrite> =>
  fc.record({
    id: fc.constantFrom(...targets),
    type: fc.constant(type),
    allow: ordinary,
    deny: ordinary,
  })
const overwrite = fc.oneof(
  overwriteOf([GUILD, ...ROLES], 0),
  overwriteOf([...USERS, ...STRANGERS], 1),
)
const overwrites = fc.uniqueArray(overwrite, { selector: (o) => o.id, maxLength: 5 })

const channel = (id: string): fc.Arbitrary<Channel> =>
  fc
    .record({
      type: fc.constantFrom(0 as const, 2 as const, 4 as const, 5 as const),
      list: overwrites,
    })
    .map(({ type, list }) => aChannel(id, list, { type }))
const role = (id: string): fc.Arbitrary<Role> =>
  fc
    .record({ position: fc.integer({ min: 1, max: 4 }), set: rolePermissions })
    .map(({ position, set }) => aRole(id, position, set))
const member = (id: string): fc.Arbitrary<Member> =>
  fc.subarray([...ROLES], { maxLength: 3 }).map((roles) => aMember(id, roles))

/** Puts channels into the given categories, and syncs some of them. */
const placed = (
  channels: readonly Channel[],
  parents: readonly { parentId: string; synced: boolean }[],
): Channel[] =>
  channels.map((each, i) => {
    const { parentId, synced } = parents[i]!
    const category = channels.find((other) => other.id === parentId && other.type === 4)
    if (!category || each.type === 4) return each
    return { ...each, parentId, overwrites: synced ? category.overwrites : each.overwrites }
  })

/** A guild with five members, five roles and four channels. */
export const guildState: fc.Arbitrary<GuildState> = fc
  .record({
    everyone: fc.oneof(
      ordinary,
      setOf(2).map((set) => String(set | MANAGER)),
    ),
    roles: fc.tuple(...ROLES.map(role)),
    channels: fc.tuple(...CHANNELS.map(channel)),
    parents: fc.tuple(
      ...CHANNELS.map(() =>
        fc.record({ parentId: fc.constantFrom(...CHANNELS), synced: fc.boolean() }),
      ),
    ),
    members: fc.tuple(...USERS.filter((id) => id !== OWNER).map(member)),
  })
  .map(({ parents, ...parts }) => ({ ...parts, channels: placed(parts.channels, parents) }))
  .map((parts) =>
    aGuild({ ...parts, guild: { systemChannelId: CHANNELS[0], afkChannelId: CHANNELS[1] } }),
  )

export const user = fc.constantFrom(...USERS)
/** A member who is not the owner. */
export const plainUser = fc.constantFrom(...USERS.filter((id) => id !== OWNER))
export const channelId = fc.constantFrom(...CHANNELS)

const anyUser = fc.constantFrom(...USERS, ...STRANGERS)
/** Mostly existing ids, because a history of refusals would test little. */
const mostly = (existing: readonly string[], rest: readonly string[]) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...existing) },
    { weight: 2, arbitrary: fc.constantFrom(...rest) },
  )
const anyRole = mostly(ROLES, [GUILD, ...NEW])
const anyChannel = mostly(CHANNELS, NEW)
const someRoles = fc.array(anyRole, { maxLength: 3 })
const parentId = fc.constantFrom(null, ...CHANNELS)

const overwriteList = fc.array(overwrite, { maxLength: 8, size: 'max' })

/** A patch with any subset of the fields. */
const patchOf = <T extends object>(
  fields: { [K in keyof T]: fc.Arbitrary<T[K]> },
): fc.Arbitrary<Partial<T>> => fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>

const guildCommand = fc.oneof(
  patchOf({
    name: fc.constant('renamed'),
    ownerId: anyUser,
    systemChannelId: fc.oneof(fc.constant(null), anyChannel),
  }).map((patch) => ({
    type: 'guild.edit' as const,
    patch,
  })),
  fc.constant({ type: 'guild.delete' as const }),
)

const channelCommand = fc.oneof(
  fc
    .tuple(anyChannel, fc.constantFrom(0 as const, 2 as const, 4 as const), parentId, overwriteList)
    .map(([id, type, parent, list]) => ({
      type: 'channel.create' as const,
      channel: aChannel(id, list, { type, parentId: parent }),
    })),
  fc
    .tuple(
      anyChannel,
      patchOf({ name: fc.constant('renamed'), parentId, overwrites: overwriteList }),
    )
    .map(([id, patch]) => ({ type: 'channel.edit' as const, channelId: id, patch })),
  anyChannel.map((id) => ({ type: 'channel.delete' as const, channelId: id })),
  fc
    .array(
      fc.oneof(
        fc.record({ id: anyChannel, position: fc.nat(5) }),
        fc.record({ id: anyChannel, parentId }),
      ),
      { maxLength: 3 },
    )
    .map((moves) => ({ type: 'channels.move' as const, moves })),
  fc
    .tuple(anyChannel, overwrite)
    .map(([id, value]) => ({ type: 'overwrite.put' as const, channelId: id, overwrite: value })),
  fc
    .tuple(anyChannel, fc.oneof(anyUser, anyRole))
    .map(([id, targetId]) => ({ type: 'overwrite.delete' as const, channelId: id, targetId })),
)

const roleCommand = fc.oneof(
  fc.tuple(anyRole, fc.nat(9), rolePermissions).map(([id, position, set]) => ({
    type: 'role.create' as const,
    role: aRole(id, position, set),
  })),
  fc
    // The type does not allow a position in the patch of a role. A request over a network may
    // contain one.
    .tuple(
      anyRole,
      patchOf({ name: fc.constant('renamed'), permissions: rolePermissions, position: fc.nat(9) }),
    )
    .map(([roleId, patch]) => ({ type: 'role.edit' as const, roleId, patch })),
  anyRole.map((roleId) => ({ type: 'role.delete' as const, roleId })),
  fc
    .array(fc.record({ id: anyRole, position: fc.integer({ min: 0, max: 6 }) }), { maxLength: 2 })
    .map((moves) => ({ type: 'roles.move' as const, moves })),
)

const memberCommand = fc.oneof(
  fc
    .tuple(anyUser, fc.constantFrom(null, 'nick'), someRoles, fc.boolean(), fc.boolean())
    .map(([id, nick, roles, invited, temporary]) => ({
      type: 'member.add' as const,
      user: aUser(id),
      nick,
      roles,
      joinedAt: 0,
      invited,
      temporary,
    })),
  fc
    .tuple(
      anyUser,
      patchOf({ nick: fc.constantFrom(null, 'nick'), roles: someRoles, mute: fc.boolean() }),
    )
    .map(([userId, patch]) => ({ type: 'member.edit' as const, userId, patch })),
  fc
    .tuple(anyUser, anyRole, fc.boolean())
    .map(([userId, roleId, has]) => ({ type: 'member.role' as const, userId, roleId, has })),
  anyUser.map((userId) => ({ type: 'member.remove' as const, userId })),
  anyUser.map((userId) => ({ type: 'member.expire' as const, userId })),
)

/** A command of any kind by a user of `by`, valid or not. */
export const commandBy = (by: fc.Arbitrary<string>): fc.Arbitrary<GuildCommand> =>
  fc
    .tuple(fc.oneof(guildCommand, channelCommand, roleCommand, memberCommand), by)
    .map(([command, requester]) => ({ ...command, by: requester }) as GuildCommand)

/** A command of a member who tries to gain permissions: mostly about roles, and about their own. */
export const escalationBy = (by: string): fc.Arbitrary<GuildCommand> =>
  fc.oneof(
    { weight: 2, arbitrary: commandBy(fc.constant(by)) },
    { weight: 2, arbitrary: roleCommand.map((command) => ({ ...command, by }) as GuildCommand) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(anyRole, fc.boolean())
        .map(([roleId, has]) => ({ type: 'member.role' as const, by, userId: by, roleId, has })),
    },
  )

export const anyone = anyUser
