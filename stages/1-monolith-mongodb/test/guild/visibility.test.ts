import {
  aChannel,
  aGuild,
  allowView,
  aMember,
  aRole,
  aUser,
  denyView,
  guildHistory,
} from '@threshold/conformance/ports'
import { canView, evolve, type GuildEvent, type GuildState } from '@threshold/domain'
import type { Permissions } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { createAudience } from '../../src/guild/audience.ts'
import { affectedBy, visibilityDiff } from '../../src/guild/visibility.ts'
import { aListener } from './listener.ts'

const guild = aGuild(3)
const role = aRole()
const locked = aChannel(guild.id, { overwrites: [denyView(guild.id, 0), allowView(role.id, 0)] })
const state: GuildState = {
  ...guild.state,
  roles: new Map([...guild.state.roles, [role.id, role]]),
  channels: new Map([...guild.state.channels, [locked.id, locked]]),
}
const [first, second] = guild.others as [(typeof guild.others)[0], (typeof guild.others)[0]]
const all = [...state.channels.keys()]

describe('the visibility that an event may change', () => {
  const affected: [string, GuildEvent, unknown][] = [
    [
      "a channel's topic: nothing",
      { type: 'channel.updated', channel: { ...locked, topic: 'new' } },
      undefined,
    ],
    [
      "a channel's overwrites: that channel",
      { type: 'channel.updated', channel: { ...locked, overwrites: [] } },
      { channels: [locked.id] },
    ],
    [
      'an overwrite of a deleted role: nothing',
      {
        type: 'channel.updated',
        channel: { ...locked, overwrites: [...locked.overwrites, allowView('7', 0)] },
      },
      undefined,
    ],
    ["a role's colour: nothing", { type: 'role.updated', role: { ...role, color: 7 } }, undefined],
    [
      "a role's place: nothing",
      { type: 'role.updated', role: { ...role, position: 9 } },
      undefined,
    ],
    [
      "a role's permissions: every channel",
      { type: 'role.updated', role: { ...role, permissions: '8' } },
      { channels: all },
    ],
    ['a deleted role: every channel', { type: 'role.deleted', roleId: role.id }, { channels: all }],
    [
      'a new name of the guild: nothing',
      { type: 'guild.updated', guild: { ...state.guild, name: 'new' } },
      undefined,
    ],
    [
      'a new owner: every channel',
      { type: 'guild.updated', guild: { ...state.guild, ownerId: first.user.id } },
      { channels: all },
    ],
    [
      'a nickname: nothing',
      { type: 'member.updated', member: { ...first, nick: 'new' } },
      undefined,
    ],
    [
      "a member's roles: every channel, for this member",
      { type: 'member.updated', member: { ...first, roles: [role.id] } },
      { channels: all, user: first.user.id },
    ],
    ['a new member: nothing', { type: 'member.added', member: aMember() }, undefined],
  ]
  it.each(affected)('%s', (_, event, expected) => {
    expect(affectedBy(state, event)).toEqual(expected)
  })
})

describe('a visibility diff', () => {
  /** Makes a diff before the event and compares after it, for subscribed users only. */
  const changes = (event: GuildEvent, start = state, users = [first.user.id, second.user.id]) => {
    const audience = createAudience(typescriptPermissions())
    for (const user of users) audience.add(start, aListener(user))
    const diff = visibilityDiff(audience, start, event)
    return diff?.changes(evolve(start, event))
  }

  it('names the users who gained a channel, and no others', () => {
    expect(changes({ type: 'member.updated', member: { ...first, roles: [role.id] } })).toEqual([
      { channel: locked.id, gained: new Set([first.user.id]), lost: new Set() },
    ])
    expect(changes({ type: 'role.updated', role: { ...role, permissions: '64' } })).toEqual([])
    expect(
      changes({ type: 'member.updated', member: { ...first, roles: [role.id] } }, state, [
        second.user.id,
      ]),
    ).toEqual([])
  })

  it('names the users who lost a channel', () => {
    const hidden = { ...guild.text, overwrites: [denyView(second.user.id, 1)] }
    expect(changes({ type: 'channel.updated', channel: hidden })).toEqual([
      { channel: guild.text.id, gained: new Set(), lost: new Set([second.user.id]) },
    ])
  })

  it('is right for every user in any guild, although it is computed for one user of each group', () =>
    fc.assert(
      fc.property(guildHistory, fc.infiniteStream(fc.boolean()), (history, listens) => {
        const strangers = [aUser(), aUser()]
        const { events } = history.play(state, strangers)
        let current = state
        for (const event of events) {
          const users = [...current.members.keys()].filter(() => listens.next().value)
          const next = evolve(current, event)
          const expected = [...current.channels.keys()].flatMap((channel) => {
            const viewsAfter = (user: string): boolean =>
              next.channels.has(channel) && canView(next, user, channel)
            const gained = users.filter(
              (user) => viewsAfter(user) && !canView(current, user, channel),
            )
            const lost = users.filter(
              (user) => !viewsAfter(user) && canView(current, user, channel),
            )
            return gained.length + lost.length > 0
              ? [{ channel, gained: new Set(gained), lost: new Set(lost) }]
              : []
          })
          // The channel, or the user, has no visibility to compare after these two events.
          if (event.type !== 'channel.deleted' && event.type !== 'member.removed')
            expect(changes(event, current, users) ?? []).toEqual(expected)
          current = next
        }
      }),
      { numRuns: 60 },
    ))

  it('needs a few computations for ten thousand users with equal roles', () => {
    const crowd = aGuild(10_000)
    let computed = 0
    const real = typescriptPermissions()
    const counting: Permissions = {
      viewers(of, channel, users) {
        const all = [...users]
        computed += all.length
        return real.viewers(of, channel, all)
      },
    }
    const audience = createAudience(counting)
    for (const user of crowd.state.members.keys()) audience.add(crowd.state, aListener(user))
    const everyone = { ...crowd.state.roles.get(crowd.id)!, permissions: '0' }
    const event: GuildEvent = { type: 'role.updated', role: everyone }
    const found = visibilityDiff(audience, crowd.state, event)!.changes(evolve(crowd.state, event))
    expect(found.map(({ channel, lost }) => [channel, lost.size])).toEqual(
      [...crowd.state.channels.keys()].map((id) => [id, 10_000]),
    )
    expect(computed).toBeLessThan(20)
  })
})
