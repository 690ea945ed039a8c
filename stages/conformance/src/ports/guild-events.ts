import type { Channel, GuildEvent, GuildState, Member, Role, User } from '@threshold/domain'
import { evolve } from '@threshold/domain'
import fc from 'fast-check'
import { aChannel, allowView, aMember, aRole, denyView } from './fixtures.ts'

/** Names that people choose, and names that try to inject something into a database. */
const name = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('$gt', 'a.b', '__proto__', '\u0000', '{"$ne":1}'),
)

/** A change without ids. Numbers select its channels, roles and members among the existing ones. */
type Change = (state: GuildState, strangers: readonly User[]) => GuildEvent | undefined

const pick = <T>(from: Iterable<T>, n: number): T | undefined => {
  const all = [...from]
  return all.length === 0 ? undefined : all[n % all.length]
}

const guildChange = fc
  .record({
    name,
    description: fc.oneof(fc.constant(null), name),
    afkTimeout: fc.nat(3_600),
    owner: fc.nat(),
  })
  .map(
    ({ owner, ...fields }): Change =>
      ({ guild, members }) => ({
        type: 'guild.updated',
        guild: { ...guild, ...fields, ownerId: pick(members.keys(), owner)! },
      }),
  )

const channelFields = fc.record({
  name,
  topic: fc.oneof(fc.constant(null), name),
  position: fc.nat(50),
  nsfw: fc.boolean(),
  rateLimitPerUser: fc.nat(21_600),
})
const channelChange = fc
  .record({
    fields: channelFields,
    kind: fc.constantFrom('created', 'updated', 'deleted'),
    which: fc.nat(),
    whom: fc.nat(),
    voice: fc.boolean(),
  })
  .map(
    ({ fields, kind, which, whom, voice }): Change =>
      (state) => {
        const role = pick(state.roles.keys(), whom)!
        const user = pick(state.members.keys(), whom)!
        const changed: Partial<Channel> = {
          ...fields,
          overwrites: [denyView(role, 0), allowView(user, 1)],
        }
        if (kind === 'created') {
          const kindOf: Partial<Channel> = voice
            ? { type: 2, bitrate: 64_000, userLimit: 3 }
            : { type: 0 }
          return {
            type: 'channel.created',
            channel: aChannel(state.guild.id, { ...changed, ...kindOf }),
          }
        }
        const channel = pick(state.channels.values(), which)
        if (!channel) return undefined
        return kind === 'updated'
          ? { type: 'channel.updated', channel: { ...channel, ...changed } }
          : { type: 'channel.deleted', channel }
      },
  )

const roleFields = fc.record({
  name,
  color: fc.nat(0xff_ff_ff),
  hoist: fc.boolean(),
  mentionable: fc.boolean(),
  permissions: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }).map(String),
})
const roleChange = fc
  .record({
    fields: roleFields,
    kind: fc.constantFrom('created', 'updated', 'deleted'),
    which: fc.nat(),
  })
  .map(
    ({ fields, kind, which }): Change =>
      ({ roles, guild }) => {
        if (kind === 'created') return { type: 'role.created', role: aRole(fields) }
        const role: Role | undefined = pick(roles.values(), which)
        if (!role) return undefined
        if (kind === 'updated') return { type: 'role.updated', role: { ...role, ...fields } }
        return role.id === guild.id ? undefined : { type: 'role.deleted', roleId: role.id }
      },
  )

const memberFields = fc.record({
  nick: fc.oneof(fc.constant(null), name),
  mute: fc.boolean(),
  deaf: fc.boolean(),
  roleNumbers: fc.array(fc.nat(), { maxLength: 3 }),
})
const memberChange = fc
  .record({
    fields: memberFields,
    kind: fc.constantFrom('added', 'updated', 'removed'),
    which: fc.nat(),
  })
  .map(
    ({ fields: { roleNumbers, ...fields }, kind, which }): Change =>
      ({ members, roles, guild }, strangers) => {
        const roleIds = [
          ...new Set(roleNumbers.flatMap((n) => pick(roles.keys(), n) ?? [])),
        ].filter((id) => id !== guild.id)
        const stranger = pick(
          strangers.filter(({ id }) => !members.has(id)),
          which,
        )
        if (kind === 'added')
          return (
            stranger && {
              type: 'member.added',
              member: aMember(stranger, { ...fields, roles: roleIds }),
            }
          )
        const member: Member | undefined = pick(members.values(), which)
        if (!member) return undefined
        if (kind === 'updated')
          return { type: 'member.updated', member: { ...member, ...fields, roles: roleIds } }
        return member.user.id === guild.ownerId
          ? undefined
          : { type: 'member.removed', user: member.user }
      },
  )

/**
 * A history that can be applied to any guild. `play` returns its events for this guild, and the
 * resulting state.
 */
export const guildHistory = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: guildChange },
      ...[channelChange, roleChange, memberChange].map((arbitrary) => ({ weight: 3, arbitrary })),
    ),
    {
      maxLength: 15,
      size: 'max',
    },
  )
  .map((changes) => ({
    play(
      start: GuildState,
      strangers: readonly User[],
    ): { events: GuildEvent[]; state: GuildState } {
      const events: GuildEvent[] = []
      let state = start
      for (const change of changes) {
        const event = change(state, strangers)
        if (!event) continue
        events.push(event)
        state = evolve(state, event)
      }
      return { events, state }
    },
  }))
