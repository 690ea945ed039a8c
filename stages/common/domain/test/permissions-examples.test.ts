import { DEFAULT_PERMISSIONS, Permission } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { canView, channelPermissions, type Overwrite } from '../src/index.ts'
import {
  aChannel,
  aGuild,
  aMember,
  aRole,
  bits,
  GUILD,
  memberOverwrite,
  roleOverwrite,
} from './fixtures.ts'

describe('the examples of Discord’s documentation', () => {
  const state = aGuild({
    everyone: String(DEFAULT_PERMISSIONS),
    roles: [aRole('31', 2), aRole('32', 1)],
    members: [aMember('21', ['31']), aMember('22', ['31', '32']), aMember('23')],
  })
  const inChannel = (user: string, overwrites: readonly Overwrite[], type: 0 | 2 = 0): bigint =>
    channelPermissions(state, state.members.get(user)!, aChannel('41', overwrites, { type }))

  it('allow a role what they deny @everyone', () => {
    const overwrites = [
      roleOverwrite(GUILD, '0', bits('SendMessages')),
      roleOverwrite('31', bits('SendMessages')),
    ]
    expect(inChannel('21', overwrites) & Permission.SendMessages).not.toBe(0n)
    expect(inChannel('23', overwrites) & Permission.SendMessages).toBe(0n)
  })

  it('prefer an allowance over a denial among roles of any position', () => {
    const overwrites = [
      roleOverwrite('31', '0', bits('SendMessages')),
      roleOverwrite('32', bits('SendMessages')),
    ]
    expect(inChannel('22', overwrites) & Permission.SendMessages).not.toBe(0n)
    expect(inChannel('21', overwrites) & Permission.SendMessages).toBe(0n)
  })

  it('show a private channel to the members named in it', () => {
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

  it('remove mention, attach and embed from a member who may not send', () => {
    const denied = inChannel('23', [
      roleOverwrite(GUILD, bits('MentionEveryone', 'SendTTSMessages'), bits('SendMessages')),
    ])
    for (const name of ['MentionEveryone', 'SendTTSMessages', 'AttachFiles', 'EmbedLinks'] as const)
      expect(denied & Permission[name], name).toBe(0n)
    expect(denied & Permission.ReadMessageHistory).not.toBe(0n)
  })

  it('remove speak from a member who may not connect', () => {
    const denied = inChannel('23', [roleOverwrite(GUILD, '0', bits('Connect'))], 2)
    expect(denied & (Permission.Connect | Permission.Speak | Permission.Stream)).toBe(0n)
    expect(denied & Permission.ViewChannel).not.toBe(0n)
  })
})
