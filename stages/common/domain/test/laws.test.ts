import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel, GuildCommand, GuildEvent, GuildState, Member } from '../src/index.ts'
import { channelPermissions, decide, evolve, guildPermissions, isAboveRole } from '../src/index.ts'
import { anyone, channelId, commandBy, guildState, plainUser, plotBy } from './arbitraries.ts'
import { aMember, GUILD } from './fixtures.ts'

/** What is left of a guild after a history, and what happened in it. Refused commands do nothing. */
function play(start: GuildState, commands: readonly GuildCommand[]): { state: GuildState; events: GuildEvent[] } {
  let state = start
  const events: GuildEvent[] = []
  for (const command of commands) {
    const decision = decide(state, command)
    if (!decision.ok) continue
    for (const event of decision.events) {
      state = evolve(state, event)
      events.push(event)
    }
  }
  return { state, events }
}

const history = fc.array(commandBy(anyone), { maxLength: 40, size: 'max' })
const covers = (set: bigint, part: bigint): boolean => (part & ~set) === 0n
const grown = (set: bigint): bigint => ((set & Permission.Administrator) === 0n ? set : ALL_PERMISSIONS)

/**
 * All that a member commands: their own permissions and those of every role below their highest, which they may hand out.
 * That a role may be given away with more permissions than the giver has is Discord's rule: place decides, not content.
 */
function ceiling(state: GuildState, member: Member, channel?: Channel): bigint {
  let bits = guildPermissions(state, member)
  const mine = new Set([GUILD, ...member.roles])
  for (const role of state.roles.values()) {
    if (!isAboveRole(state, member, role) && !mine.has(role.id)) continue
    bits |= BigInt(role.permissions)
    mine.add(role.id)
  }
  for (const o of channel?.overwrites ?? []) if (mine.has(o.id) || o.id === member.user.id) bits |= BigInt(o.allow)
  return grown(bits)
}

/** What a member could have in a channel if nothing were denied to them. */
function potential(state: GuildState, member: Member, channel: Channel): bigint {
  let bits = guildPermissions(state, member)
  for (const o of channel.overwrites) if (o.id === GUILD || o.id === member.user.id || member.roles.includes(o.id)) bits |= BigInt(o.allow)
  return bits
}

describe('no command, and no series of them by one who is not the owner,', () => {
  const plot = plainUser.chain((by) =>
    fc.record({ by: fc.constant(by), commands: fc.array(plotBy(by), { minLength: 5, maxLength: 40, size: 'max' }) }),
  )

  it('gives anyone a permission in the guild that neither they nor the asker commanded', () => {
    fc.assert(
      fc.property(guildState, plot, (before, { by, commands }) => {
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

  it('gives anyone a permission in a channel that neither they nor the asker could have had there', () => {
    fc.assert(
      fc.property(guildState, plot, (before, { by, commands }) => {
        const after = play(before, commands).state
        for (const channel of before.channels.values()) {
          const now = after.channels.get(channel.id)
          if (!now) continue
          const power = ceiling(before, before.members.get(by)!, channel)
          for (const [id, member] of after.members) {
            const could = potential(before, before.members.get(id) ?? aMember(id), channel)
            expect(covers(could | power, channelPermissions(after, member, now)), `member ${id} in ${channel.id}`).toBe(true)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('makes them the owner', () => {
    fc.assert(fc.property(guildState, plot, (before, { commands }) => play(before, commands).state.guild.ownerId === before.guild.ownerId))
  })
})

describe('a change of overwrites', () => {
  it('changes for nobody what the asker has neither in the guild nor in the channel: no allowance, and no denial lifted', () => {
    const ask = fc.tuple(plainUser, channelId).chain(([by, id]) => fc.tuple(fc.constant(id), commandBy(fc.constant(by))))
    fc.assert(
      fc.property(guildState, ask, (before, [id, command]) => {
        fc.pre(command.type === 'overwrite.put' || command.type === 'overwrite.delete' || command.type === 'channel.edit')
        const asker = before.members.get(command.by)!
        const channel = before.channels.get(id)!
        const own = guildPermissions(before, asker) | channelPermissions(before, asker, channel)
        const after = play(before, [command]).state
        for (const target of [...before.members.keys(), ...before.roles.keys()]) {
          const was = channel.overwrites.find((o) => o.id === target) ?? { allow: '0', deny: '0' }
          const is = after.channels.get(id)!.overwrites.find((o) => o.id === target) ?? { allow: '0', deny: '0' }
          expect(covers(own, (BigInt(was.allow) ^ BigInt(is.allow)) | (BigInt(was.deny) ^ BigInt(is.deny))), `target ${target}`).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('whatever happens to a guild,', () => {
  it('it has its owner among its members, and @everyone at the bottom under its name', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const { state } = play(before, commands)
        expect(state.members.has(state.guild.ownerId)).toBe(true)
        expect(state.roles.get(GUILD)).toMatchObject({ name: '@everyone', position: 0 })
      }),
      { numRuns: 200 },
    )
  })

  it('nothing in it names what is gone: roles of members, parents of channels, the system channel', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const { state } = play(before, commands)
        for (const m of state.members.values()) for (const id of m.roles) expect(state.roles.has(id)).toBe(true)
        for (const c of state.channels.values()) {
          if (c.parentId !== null) expect(state.channels.get(c.parentId)?.type).toBe(4)
          if (c.type === 4) expect(c.parentId).toBeNull()
        }
        for (const id of [state.guild.systemChannelId, state.guild.afkChannelId]) if (id !== null) expect(state.channels.has(id)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('each role of a member and each target of an overwrite is there once', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const { state } = play(before, commands)
        const once = (ids: readonly string[]): void => expect(new Set(ids).size).toBe(ids.length)
        for (const m of state.members.values()) once(m.roles)
        for (const c of state.channels.values()) once(c.overwrites.map((o) => o.id))
      }),
    )
  })
})

describe('evolve', () => {
  it('changes nothing more when an event comes twice', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        let state = before
        for (const event of play(before, commands).events) {
          state = evolve(state, event)
          expect(evolve(state, event)).toEqual(state)
        }
      }),
    )
  })

  it('comes to the same state when a log is followed from a little earlier', () => {
    fc.assert(
      fc.property(guildState, history, fc.nat(60), (before, commands, back) => {
        const { state, events } = play(before, commands)
        expect(events.slice(-back).reduce(evolve, state)).toEqual(state)
      }),
    )
  })

  it('leaves the state before as it was', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const copy = structuredClone(before)
        play(before, commands)
        expect(before).toEqual(copy)
      }),
    )
  })
})
