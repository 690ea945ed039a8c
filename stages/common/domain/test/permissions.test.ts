import { ALL_PERMISSIONS, DEFAULT_PERMISSIONS, Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Channel,
  canView,
  channelPermissions,
  type GuildState,
  guildPermissions,
  type Member,
  type Overwrite,
} from '../src/index.ts'
import { channelId, guildState, permissionSet, plainUser } from './arbitraries.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  GUILD,
  memberOverwrite,
  OWNER,
  roleOverwrite,
} from './fixtures.ts'

const covers = (set: bigint, part: bigint): boolean => (part & ~set) === 0n
const isAdmin = (state: GuildState, member: Member): boolean =>
  (guildPermissions(state, member) & Permission.Administrator) !== 0n

/** Somebody, not the owner, in some channel of some guild. */
const scene = fc.tuple(guildState, plainUser, channelId).map(([state, user, channel]) => ({
  state,
  member: state.members.get(user)!,
  channel: state.channels.get(channel)!,
}))

/**
 * Discord's pseudocode of "Permission Overwrites" in its documentation, without the implicit
 * denials it lists beside it.
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
  it('are everything for the owner, whatever roles and overwrites say', () => {
    fc.assert(
      fc.property(guildState, channelId, (state, id) => {
        const owner = state.members.get(OWNER)!
        expect(guildPermissions(state, owner)).toBe(ALL_PERMISSIONS)
        expect(channelPermissions(state, owner, state.channels.get(id)!)).toBe(ALL_PERMISSIONS)
      }),
    )
  })

  it('are everything for an administrator, in every channel', () => {
    fc.assert(
      fc.property(scene, ({ state, member, channel }) => {
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

  it('are never more in a channel than Discord’s pseudocode gives, and less only where a denial implies another', () => {
    fc.assert(
      fc.property(scene, ({ state, member, channel }) => {
        const right = documented(state, member, channel)
        const ours = channelPermissions(state, member, channel)
        expect(covers(right, ours)).toBe(true)
        if ((right & Permission.ViewChannel) === 0n) expect(ours).toBe(0n)
        else if (covers(right, Permission.SendMessages | Permission.Connect))
          expect(ours).toBe(right)
      }),
      { numRuns: 500 },
    )
  })

  it('are none at all without the view of the channel', () => {
    fc.assert(
      fc.property(scene, ({ state, member, channel }) => {
        fc.pre(!isAdmin(state, member))
        const hidden = {
          ...channel,
          overwrites: [memberOverwrite(member.user.id, '0', bits('ViewChannel'))],
        }
        expect(channelPermissions(state, member, hidden)).toBe(0n)
      }),
    )
  })

  it('never shrink by an allowance, nor grow by a denial, in whosever overwrite', () => {
    fc.assert(
      fc.property(scene, permissionSet, fc.nat(), ({ state, member, channel }, more, which) => {
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
      }),
    )
  })

  it('never shrink in the guild by a role, nor by a permission added to one', () => {
    fc.assert(
      fc.property(scene, permissionSet, ({ state, member }, more) => {
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

  it('let the overwrite of the member have the last word', () => {
    fc.assert(
      fc.property(
        scene,
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
    const shuffled = scene.chain((s) =>
      fc.record({
        scene: fc.constant(s),
        roles: fc.shuffledSubarray([...s.member.roles], { minLength: s.member.roles.length }),
        overwrites: fc.shuffledSubarray([...s.channel.overwrites], {
          minLength: s.channel.overwrites.length,
        }),
      }),
    )
    fc.assert(
      fc.property(shuffled, ({ scene: { state, member, channel }, roles, overwrites }) => {
        const other = channelPermissions(state, { ...member, roles }, { ...channel, overwrites })
        expect(other).toBe(channelPermissions(state, member, channel))
      }),
    )
  })

  it('do not come from roles and overwrites of others, nor from roles that are gone', () => {
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

describe('the examples of Discord’s documentation', () => {
  const state = aGuild({
    everyone: String(DEFAULT_PERMISSIONS),
    roles: [aRole('31', 2), aRole('32', 1)],
    members: [aMember('21', ['31']), aMember('22', ['31', '32']), aMember('23')],
  })
  const inChannel = (user: string, overwrites: readonly Overwrite[], type: 0 | 2 = 0): bigint =>
    channelPermissions(state, state.members.get(user)!, aChannel('41', overwrites, { type }))

  it('a role may speak where @everyone may not', () => {
    const overwrites = [
      roleOverwrite(GUILD, '0', bits('SendMessages')),
      roleOverwrite('31', bits('SendMessages')),
    ]
    expect(inChannel('21', overwrites) & Permission.SendMessages).not.toBe(0n)
    expect(inChannel('23', overwrites) & Permission.SendMessages).toBe(0n)
  })

  it('among roles an allowance wins over a denial, wherever the roles stand', () => {
    const overwrites = [
      roleOverwrite('31', '0', bits('SendMessages')),
      roleOverwrite('32', bits('SendMessages')),
    ]
    expect(inChannel('22', overwrites) & Permission.SendMessages).not.toBe(0n)
    expect(inChannel('21', overwrites) & Permission.SendMessages).toBe(0n)
  })

  it('a private channel is seen by those who are named', () => {
    const overwrites = [
      roleOverwrite(GUILD, '0', bits('ViewChannel')),
      memberOverwrite('23', bits('ViewChannel')),
    ]
    const private_ = { ...state, channels: new Map([['41', aChannel('41', overwrites)]]) }
    expect(['20', '21', '22', '23'].filter((id) => canView(private_, id, '41'))).toEqual([
      '20',
      '23',
    ])
    expect(canView(private_, '29', '41')).toBe(false)
    expect(canView(private_, '23', '49')).toBe(false)
  })

  it('who may not send may not mention, attach or embed either', () => {
    const denied = inChannel('23', [
      roleOverwrite(GUILD, bits('MentionEveryone', 'SendTTSMessages'), bits('SendMessages')),
    ])
    for (const name of ['MentionEveryone', 'SendTTSMessages', 'AttachFiles', 'EmbedLinks'] as const)
      expect(denied & Permission[name], name).toBe(0n)
    expect(denied & Permission.ReadMessageHistory).not.toBe(0n)
  })

  it('who may not connect to a voice channel may not speak in it', () => {
    const denied = inChannel('23', [roleOverwrite(GUILD, '0', bits('Connect'))], 2)
    expect(denied & (Permission.Connect | Permission.Speak | Permission.Stream)).toBe(0n)
    expect(denied & Permission.ViewChannel).not.toBe(0n)
  })
})
