import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Channel, evolve, type GuildCommand, type GuildState } from '../src/index.ts'
import { guildState } from './arbitraries.ts'
import { aChannel, GUILD, OWNER } from './fixtures.ts'
import { history, play } from './history.ts'

describe('a channel synced with its category', () => {
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
  /** Whether a command changes the child's own overwrites or its parent. */
  const concerns = (command: GuildCommand, id: string): boolean =>
    ('channelId' in command && command.channelId === id) ||
    (command.type === 'channels.move' && command.moves.some((move) => move.id === id))

  it('stays synced when the category, roles or members change', () => {
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

  it('is any channel created in one without overwrites of its own', () => {
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

describe('after any history a guild', () => {
  it('has its owner as a member, and @everyone with its name and position', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const { state } = play(before, commands)
        expect(state.members.has(state.guild.ownerId)).toBe(true)
        expect(state.roles.get(GUILD)).toMatchObject({ name: '@everyone', position: 0 })
      }),
      { numRuns: 200 },
    )
  })

  it('has no references to deleted roles and channels', () => {
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

  it('has no duplicate roles of a member and no duplicate overwrite targets', () => {
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
  it('is idempotent', () => {
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

  it('reaches the same state when the end of a log is replayed', () => {
    fc.assert(
      fc.property(guildState, history, fc.nat(60), (before, commands, back) => {
        const { state, events } = play(before, commands)
        expect(events.slice(-back).reduce(evolve, state)).toEqual(state)
      }),
    )
  })

  it('does not modify the state it is given', () => {
    fc.assert(
      fc.property(guildState, history, (before, commands) => {
        const copy = structuredClone(before)
        play(before, commands)
        expect(before).toEqual(copy)
      }),
    )
  })
})
