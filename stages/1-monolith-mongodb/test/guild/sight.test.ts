import { aChannel, aGuild, aMember, aRole, hides, shows } from '@threshold/conformance/ports'
import { evolve, type GuildEvent, type GuildState } from '@threshold/domain'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createAudience } from '../../src/guild/audience.ts'
import { affectedBy, changesSince, sightOf } from '../../src/guild/sight.ts'
import { subscriber } from './world.ts'

const guild = aGuild(3)
const role = aRole()
const locked = aChannel(guild.id, { overwrites: [hides(guild.id, 0), shows(role.id, 0)] })
const state: GuildState = {
  ...guild.state,
  roles: new Map([...guild.state.roles, [role.id, role]]),
  channels: new Map([...guild.state.channels, [locked.id, locked]]),
}
const [first, second] = guild.others as [(typeof guild.others)[0], (typeof guild.others)[0]]
const all = [...state.channels.keys()]

describe('what an event may change of who sees what', () => {
  const affected: [string, GuildEvent, unknown][] = [
    ["a channel's topic: nothing", { type: 'channel.updated', channel: { ...locked, topic: 'new' } }, undefined],
    [
      "a channel's overwrites: that channel",
      { type: 'channel.updated', channel: { ...locked, overwrites: [] } },
      { channels: [locked.id] },
    ],
    ["a role's colour: nothing", { type: 'role.updated', role: { ...role, color: 7 } }, undefined],
    ["a role's place: nothing", { type: 'role.updated', role: { ...role, position: 9 } }, undefined],
    ["a role's permissions: every channel", { type: 'role.updated', role: { ...role, permissions: '8' } }, { channels: all }],
    ['a role that goes: every channel', { type: 'role.deleted', roleId: role.id }, { channels: all }],
    ['a new name of the guild: nothing', { type: 'guild.updated', guild: { ...state.guild, name: 'new' } }, undefined],
    ['a new owner: every channel', { type: 'guild.updated', guild: { ...state.guild, ownerId: first.user.id } }, { channels: all }],
    ['a nickname: nothing', { type: 'member.updated', member: { ...first, nick: 'new' } }, undefined],
    [
      "a member's roles: every channel, for them alone",
      { type: 'member.updated', member: { ...first, roles: [role.id] } },
      { channels: all, user: first.user.id },
    ],
    ['who comes: nothing', { type: 'member.added', member: aMember() }, undefined],
  ]
  it.each(affected)('%s', (_, event, expected) => {
    expect(affectedBy(state, event)).toEqual(expected)
  })
})

describe('a change of sight', () => {
  const changes = (event: GuildEvent) => {
    const audience = createAudience(typescriptPermissions())
    for (const { user } of [first, second]) audience.add(state, subscriber(user.id))
    const affected = affectedBy(state, event)!
    const before = sightOf(audience, state, affected)
    const after = evolve(state, event)
    audience.changed()
    return [...changesSince(before, sightOf(audience, after, affected))]
  }

  it('names who gained sight of which channel, and nobody for whom nothing changed', () => {
    expect(changes({ type: 'member.updated', member: { ...first, roles: [role.id] } })).toEqual([
      { channel: locked.id, gained: new Set([first.user.id]), lost: new Set() },
    ])
    expect(changes({ type: 'role.updated', role: { ...role, permissions: '64' } })).toEqual([])
  })

  it('names who lost it', () => {
    const hidden = { ...guild.text, overwrites: [hides(second.user.id, 1)] }
    expect(changes({ type: 'channel.updated', channel: hidden })).toEqual([
      { channel: guild.text.id, gained: new Set(), lost: new Set([second.user.id]) },
    ])
  })
})
