import { isDeepStrictEqual } from 'node:util'
import { ALL_PERMISSIONS, Permission } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Channel, GuildCommand, GuildEvent, GuildState, Member } from '../src/index.ts'
import { channelPermissions, decide, evolve, guildPermissions, isAboveRole } from '../src/index.ts'
import { anyone, channelId, commandBy, guildState, plainUser, plotBy } from './arbitraries.ts'
import { aChannel, aMember, GUILD, OWNER } from './fixtures.ts'

/**
 * What is left of a guild after a history, and what happened in it. Refused commands do nothing.
 */
function play(
  start: GuildState,
  commands: readonly GuildCommand[],
): { state: GuildState; events: GuildEvent[] } {
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
const grown = (set: bigint): bigint =>
  (set & Permission.Administrator) === 0n ? set : ALL_PERMISSIONS

/** Roles that a member can give themself, @everyone and their own among them. */
function reachable(state: GuildState, member: Member): Set<string> {
  const below = [...state.roles.values()]
    .filter((role) => isAboveRole(state, member, role))
    .map(({ id }) => id)
  return new Set([GUILD, ...member.roles, ...below])
}

/** The bits that a channel's overwrites allow a member, with its denials left out. */
const allowed = (channel: Channel, member: Member, roles: ReadonlySet<string>): bigint =>
  channel.overwrites
    .filter((o) => (o.type === 0 ? roles.has(o.id) : o.id === member.user.id))
    .reduce((bits, o) => bits | BigInt(o.allow), 0n)

/**
 * All that a member commands: their own permissions and those of every role below their highest,
 * which they may hand out. That a role may be given away with more permissions than the giver has
 * is Discord's rule: place decides, not content. In a channel also what the categories allow, since
 * a channel can be moved into one, and everything where an overwrite allows MANAGE_ROLES.
 */
function ceiling(state: GuildState, member: Member, channel?: Channel): bigint {
  const roles = reachable(state, member)
  const inGuild = [...roles].reduce(
    (bits, id) => bits | BigInt(state.roles.get(id)!.permissions),
    guildPermissions(state, member),
  )
  if (!channel) return grown(inGuild)
  const categories = [...state.channels.values()].filter((each) => each.type === 4)
  const inChannel = [channel, ...categories].reduce(
    (bits, each) => bits | allowed(each, member, roles),
    0n,
  )
  return (inChannel & Permission.ManageRoles) === 0n ? grown(inGuild | inChannel) : ALL_PERMISSIONS
}

/** What a member could have in a channel if nothing were denied to them. */
function potential(state: GuildState, member: Member, channel: Channel): bigint {
  let bits = guildPermissions(state, member)
  for (const o of channel.overwrites)
    if (o.id === GUILD || o.id === member.user.id || member.roles.includes(o.id))
      bits |= BigInt(o.allow)
  return bits
}

describe('no command, and no series of them by one who is not the owner,', () => {
  const plot = plainUser.chain((by) =>
    fc.record({
      by: fc.constant(by),
      commands: fc.array(plotBy(by), { minLength: 5, maxLength: 40, size: 'max' }),
    }),
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
        const { state: after, events } = play(before, commands)
        // A channel that was deleted and made again is another one: it may have a category's
        // overwrites.
        const gone = new Set(
          events.flatMap((event) => (event.type === 'channel.deleted' ? [event.channel.id] : [])),
        )
        for (const channel of before.channels.values()) {
          const now = after.channels.get(channel.id)
          if (!now || gone.has(channel.id)) continue
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

  it('makes them the owner', () => {
    fc.assert(
      fc.property(
        guildState,
        plot,
        (before, { commands }) =>
          play(before, commands).state.guild.ownerId === before.guild.ownerId,
      ),
    )
  })
})

describe('a change of overwrites', () => {
  it('changes no bit that the asker has neither in the guild nor in the category, unless the channel gives them MANAGE_ROLES', () => {
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
        const asker = before.members.get(command.by)!
        const channel = before.channels.get(id)!
        const parent = (id: string | null | undefined): Channel[] => {
          const category = id ? before.channels.get(id) : undefined
          return category?.type === 4 ? [category] : []
        }
        const roles = new Set([GUILD, ...asker.roles])
        fc.pre((allowed(channel, asker, roles) & Permission.ManageRoles) === 0n)
        const categories = [
          ...parent(channel.parentId),
          ...parent(command.type === 'channel.edit' ? command.patch.parentId : null),
        ]
        const own = categories.reduce(
          (bits, each) => bits | channelPermissions(before, asker, each),
          guildPermissions(before, asker),
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

describe('a channel that is synced with its category', () => {
  const synced = (state: GuildState, child: Channel): boolean => {
    const category = child.parentId === null ? undefined : state.channels.get(child.parentId)
    const bare = (list: Channel['overwrites']): string[] =>
      list
        .filter((o) => o.allow !== '0' || o.deny !== '0')
        .map((o) => `${o.type}:${o.id}:${o.allow}:${o.deny}`)
        .toSorted()
    return (
      category?.type === 4 && isDeepStrictEqual(bare(category.overwrites), bare(child.overwrites))
    )
  }
  /** Commands that change the child's own overwrites, or where it is. */
  const concerns = (command: GuildCommand, id: string): boolean =>
    ('channelId' in command && command.channelId === id) ||
    (command.type === 'channels.move' && command.moves.some((move) => move.id === id))

  it('stays synced, whatever happens to the category, to roles and to members', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        let state = before
        for (const command of commands) {
          const after = play(state, [command]).state
          for (const child of state.channels.values()) {
            const now = after.channels.get(child.id)
            if (
              !now ||
              now.parentId !== child.parentId ||
              concerns(command, child.id) ||
              !synced(state, child)
            )
              continue
            expect(synced(after, now), `${child.id} after ${command.type}`).toBe(true)
          }
          state = after
        }
      }),
      { numRuns: 300 },
    )
  })

  it('is every channel that is made in one without overwrites of its own', () => {
    fc.assert(
      fc.property(guildState, (before) => {
        for (const category of [...before.channels.values()].filter((each) => each.type === 4)) {
          const channel = aChannel('49', [], { parentId: category.id })
          const after = play(before, [{ type: 'channel.create', by: OWNER, channel }]).state
          expect(synced(after, after.channels.get('49')!)).toBe(true)
        }
      }),
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

  it('nothing in it names what is gone: roles of members and of overwrites, parents of channels, the system channel', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const { state } = play(before, commands)
        for (const m of state.members.values())
          for (const id of m.roles) expect(state.roles.has(id)).toBe(true)
        for (const c of state.channels.values()) {
          if (c.parentId !== null) expect(state.channels.get(c.parentId)?.type).toBe(4)
          if (c.type === 4) expect(c.parentId).toBeNull()
          for (const o of c.overwrites) if (o.type === 0) expect(state.roles.has(o.id)).toBe(true)
        }
        for (const id of [state.guild.systemChannelId, state.guild.afkChannelId])
          if (id !== null) expect(state.channels.has(id)).toBe(true)
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
