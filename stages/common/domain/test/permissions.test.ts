import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Channel,
  channelPermissions,
  type GuildState,
  guildPermissions,
  type Member,
} from '../src/index.ts'
import { channelId, guildState, permissionSet, plainUser } from './arbitraries.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  memberOverwrite,
  OWNER,
  roleOverwrite,
} from './fixtures.ts'

const covers = (set: bigint, part: bigint): boolean => (part & ~set) === 0n
const isAdmin = (state: GuildState, member: Member): boolean =>
  (guildPermissions(state, member) & Permission.Administrator) !== 0n

/** A guild, a member who is not the owner, and a channel. */
const memberInChannel = fc
  .tuple(guildState, plainUser, channelId)
  .map(([state, user, channel]) => ({
    state,
    member: state.members.get(user)!,
    channel: state.channels.get(channel)!,
  }))

/**
 * The pseudocode of "Permission Overwrites" in Discord's documentation, without the implicit
 * denials that it lists separately.
 */
function documented(state: GuildState, member: Member, channel: Channel): bigint {
  const base = guildPermissions(state, member)
  if ((base & Permission.Administrator) === Permission.Administrator) return ALL_PERMISSIONS
  let permissions = base
  const overwrites = new Map(channel.overwrites.map((o) => [o.id, o]))
  const apply = (allow: bigint, deny: bigint): void => {
    permissions &= ~deny
    permissions |= allow
  }
  const everyone = overwrites.get(state.guild.id)
  if (everyone) apply(BigInt(everyone.allow), BigInt(everyone.deny))
  let allow = 0n
  let deny = 0n
  for (const role of member.roles) {
    const o = overwrites.get(role)
    if (!o) continue
    allow |= BigInt(o.allow)
    deny |= BigInt(o.deny)
  }
  apply(allow, deny)
  const own = overwrites.get(member.user.id)
  if (own) apply(BigInt(own.allow), BigInt(own.deny))
  return permissions
}

describe('permissions', () => {
  it('are all permissions for the owner, whatever the roles and overwrites', () => {
    fc.assert(
      fc.property(guildState, channelId, (state, id) => {
        const owner = state.members.get(OWNER)!
        expect(guildPermissions(state, owner)).toBe(ALL_PERMISSIONS)
        expect(channelPermissions(state, owner, state.channels.get(id)!)).toBe(ALL_PERMISSIONS)
      }),
    )
  })

  it('are all permissions for an administrator in every channel', () => {
    fc.assert(
      fc.property(memberInChannel, ({ state, member, channel }) => {
        const admin = aRole('39', 1, bits('Administrator'))
        const crowned = { ...member, roles: [...member.roles, admin.id] }
        expect(
          channelPermissions(
            { ...state, roles: new Map(state.roles).set(admin.id, admin) },
            crowned,
            channel,
          ),
        ).toBe(ALL_PERMISSIONS)
      }),
    )
  })

  it('equal Discord’s pseudocode in a channel, except for implicit denials', () => {
    fc.assert(
      fc.property(memberInChannel, ({ state, member, channel }) => {
        const right = documented(state, member, channel)
        const actual = channelPermissions(state, member, channel)
        expect(covers(right, actual)).toBe(true)
        if ((right & Permission.ViewChannel) === 0n) expect(actual).toBe(0n)
        else if (covers(right, Permission.SendMessages | Permission.Connect))
          expect(actual).toBe(right)
      }),
      { numRuns: 500 },
    )
  })

  it('are empty without VIEW_CHANNEL', () => {
    fc.assert(
      fc.property(memberInChannel, ({ state, member, channel }) => {
        fc.pre(!isAdmin(state, member))
        const hidden = {
          ...channel,
          overwrites: [memberOverwrite(member.user.id, '0', bits('ViewChannel'))],
        }
        expect(channelPermissions(state, member, hidden)).toBe(0n)
      }),
    )
  })

  it('never shrink by an allowance and never grow by a denial', () => {
    fc.assert(
      fc.property(
        memberInChannel,
        permissionSet,
        fc.nat(),
        ({ state, member, channel }, more, which) => {
          fc.pre(channel.overwrites.length > 0)
          const target = which % channel.overwrites.length
          const change = (key: 'allow' | 'deny'): Channel => ({
            ...channel,
            overwrites: channel.overwrites.map((o, i) =>
              i === target ? { ...o, [key]: String(BigInt(o[key]) | more) } : o,
            ),
          })
          const before = channelPermissions(state, member, channel)
          expect(covers(channelPermissions(state, member, change('allow')), before)).toBe(true)
          expect(covers(before, channelPermissions(state, member, change('deny')))).toBe(true)
        },
      ),
    )
  })

  it('never shrink in the guild by an added role or permission', () => {
    fc.assert(
      fc.property(memberInChannel, permissionSet, ({ state, member }, more) => {
        const role = aRole('39', 1, String(more))
        const roles = new Map(state.roles).set(role.id, role)
        const after = guildPermissions(
          { ...state, roles },
          { ...member, roles: [...member.roles, role.id] },
        )
        expect(covers(after, guildPermissions(state, member) | more)).toBe(true)
      }),
    )
  })

  it('apply the overwrite of the member last', () => {
    fc.assert(
      fc.property(
        memberInChannel,
        permissionSet,
        permissionSet,
        ({ state, member, channel }, allow, deny) => {
          fc.pre(!isAdmin(state, member))
          const others = channel.overwrites.filter((o) => o.id !== member.user.id)
          const own = memberOverwrite(member.user.id, String(allow), String(deny))
          const result = channelPermissions(state, member, {
            ...channel,
            overwrites: [own, ...others],
          })
          expect(result & deny & ~allow).toBe(0n)
          if (
            (result & Permission.ViewChannel) !== 0n &&
            covers(result, Permission.SendMessages | Permission.Connect)
          )
            expect(covers(result, allow)).toBe(true)
        },
      ),
    )
  })

  it('do not depend on the order of roles or overwrites', () => {
    const shuffled = memberInChannel.chain((s) =>
      fc.record({
        memberInChannel: fc.constant(s),
        roles: fc.shuffledSubarray([...s.member.roles], { minLength: s.member.roles.length }),
        overwrites: fc.shuffledSubarray([...s.channel.overwrites], {
          minLength: s.channel.overwrites.length,
        }),
      }),
    )
    fc.assert(
      fc.property(
        shuffled,
        ({ memberInChannel: { state, member, channel }, roles, overwrites }) => {
          const other = channelPermissions(state, { ...member, roles }, { ...channel, overwrites })
          expect(other).toBe(channelPermissions(state, member, channel))
        },
      ),
    )
  })

  it('ignore the roles and overwrites of others, and roles that do not exist', () => {
    const state = aGuild({
      everyone: bits('ViewChannel'),
      roles: [aRole('31', 1, bits('ManageGuild'))],
      members: [aMember('21', ['38'])],
    })
    const channel = aChannel('41', [
      roleOverwrite('31', bits('SendMessages')),
      memberOverwrite('22', bits('SendMessages')),
    ])
    expect(channelPermissions(state, state.members.get('21')!, channel)).toBe(
      Permission.ViewChannel,
    )
  })
})
