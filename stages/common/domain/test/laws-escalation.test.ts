import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel, GuildState, Member } from '../src/index.ts'
import { channelPermissions, guildPermissions, isAboveRole } from '../src/index.ts'
import { channelId, commandBy, escalationBy, guildState, plainUser } from './arbitraries.ts'
import { aMember, GUILD } from './fixtures.ts'
import { play } from './history.ts'

const covers = (set: bigint, part: bigint): boolean => (part & ~set) === 0n
/** Administrator implies all permissions. */
const expanded = (set: bigint): bigint =>
  (set & Permission.Administrator) === 0n ? set : ALL_PERMISSIONS

/** The roles that a member has or can assign to themself. */
function reachable(state: GuildState, member: Member): Set<string> {
  const below = [...state.roles.values()]
    .filter((role) => isAboveRole(state, member, role))
    .map(({ id }) => id)
  return new Set([GUILD, ...member.roles, ...below])
}

/** The permissions that the overwrites of a channel allow a member, ignoring denials. */
const allowed = (channel: Channel, member: Member, roles: ReadonlySet<string>): bigint =>
  channel.overwrites
    .filter((o) => (o.type === 0 ? roles.has(o.id) : o.id === member.user.id))
    .reduce((bits, o) => bits | BigInt(o.allow), 0n)

/**
 * The permissions that a member can obtain or grant: their own, and those of every role below their
 * highest one. A member may assign a role with more permissions than they have, by Discord's rules,
 * because the position decides. A channel adds the permissions that its categories allow, since it
 * can be moved into one, and all permissions if an overwrite allows MANAGE_ROLES.
 */
function ceiling(state: GuildState, member: Member, channel?: Channel): bigint {
  const roles = reachable(state, member)
  const inGuild = [...roles].reduce(
    (bits, id) => bits | BigInt(state.roles.get(id)!.permissions),
    guildPermissions(state, member),
  )
  if (!channel) return expanded(inGuild)
  const categories = [...state.channels.values()].filter((each) => each.type === 4)
  const inChannel = [channel, ...categories].reduce(
    (bits, each) => bits | allowed(each, member, roles),
    0n,
  )
  return (inChannel & Permission.ManageRoles) === 0n
    ? expanded(inGuild | inChannel)
    : ALL_PERMISSIONS
}

/** The permissions that a member would have in a channel without denials. */
function potential(state: GuildState, member: Member, channel: Channel): bigint {
  let bits = guildPermissions(state, member)
  for (const o of channel.overwrites)
    if (o.id === GUILD || o.id === member.user.id || member.roles.includes(o.id))
      bits |= BigInt(o.allow)
  return bits
}

describe('a series of commands by a member who is not the owner', () => {
  const attempts = plainUser.chain((by) =>
    fc.record({
      by: fc.constant(by),
      commands: fc.array(escalationBy(by), { minLength: 5, maxLength: 40, size: 'max' }),
    }),
  )

  it('grants no permission in the guild beyond what the target had or the requester could obtain', () => {
    fc.assert(
      fc.property(guildState, attempts, (before, { by, commands }) => {
        const power = ceiling(before, before.members.get(by)!)
        const after = play(before, commands).state
        for (const [id, member] of after.members) {
          const had = guildPermissions(before, before.members.get(id) ?? aMember(id))
          expect(covers(had | power, guildPermissions(after, member)), `member ${id}`).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('grants no permission in a channel beyond what the target or the requester could have there', () => {
    fc.assert(
      fc.property(guildState, attempts, (before, { by, commands }) => {
        const { state: after, events } = play(before, commands)
        // A deleted and re-created channel is a new one, and may inherit the overwrites of a
        // category.
        const deleted = new Set(
          events.flatMap((event) => (event.type === 'channel.deleted' ? [event.channel.id] : [])),
        )
        for (const channel of before.channels.values()) {
          const now = after.channels.get(channel.id)
          if (!now || deleted.has(channel.id)) continue
          const power = ceiling(before, before.members.get(by)!, channel)
          for (const [id, member] of after.members) {
            const could = potential(before, before.members.get(id) ?? aMember(id), channel)
            expect(
              covers(could | power, channelPermissions(after, member, now)),
              `member ${id} in ${channel.id}`,
            ).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never makes the requester the owner', () => {
    fc.assert(
      fc.property(
        guildState,
        attempts,
        (before, { commands }) =>
          play(before, commands).state.guild.ownerId === before.guild.ownerId,
      ),
    )
  })
})

describe('a change of overwrites', () => {
  it('changes only permissions that the requester has in the guild or the category, unless the channel allows MANAGE_ROLES', () => {
    const ask = fc
      .tuple(plainUser, channelId)
      .chain(([by, id]) => fc.tuple(fc.constant(id), commandBy(fc.constant(by))))
    fc.assert(
      fc.property(guildState, ask, (before, [id, command]) => {
        fc.pre(
          command.type === 'overwrite.put' ||
            command.type === 'overwrite.delete' ||
            command.type === 'channel.edit',
        )
        const requester = before.members.get(command.by)!
        const channel = before.channels.get(id)!
        const parent = (id: string | null | undefined): Channel[] => {
          const category = id ? before.channels.get(id) : undefined
          return category?.type === 4 ? [category] : []
        }
        const roles = new Set([GUILD, ...requester.roles])
        fc.pre((allowed(channel, requester, roles) & Permission.ManageRoles) === 0n)
        const categories = [
          ...parent(channel.parentId),
          ...parent(command.type === 'channel.edit' ? command.patch.parentId : null),
        ]
        const own = categories.reduce(
          (bits, each) => bits | channelPermissions(before, requester, each),
          guildPermissions(before, requester),
        )
        const after = play(before, [command]).state
        const targets = [...before.members.keys(), ...before.roles.keys()].flatMap((target) => [
          { id: target, type: 0 },
          { id: target, type: 1 },
        ])
        for (const target of targets) {
          const entry = (list: Channel['overwrites']) =>
            list.find((o) => o.id === target.id && o.type === target.type) ?? {
              allow: '0',
              deny: '0',
            }
          const [was, is] = [entry(channel.overwrites), entry(after.channels.get(id)!.overwrites)]
          expect(
            covers(
              own,
              (BigInt(was.allow) ^ BigInt(is.allow)) | (BigInt(was.deny) ^ BigInt(is.deny)),
            ),
            `target ${target.type}:${target.id}`,
          ).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})
