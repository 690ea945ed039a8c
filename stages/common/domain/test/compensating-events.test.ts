import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compensatingEvents, decide, evolve, type GuildEvent } from '../src/index.ts'
import { anyone, commandBy, guildState } from './arbitraries.ts'
import { GUILD } from './fixtures.ts'

describe('compensating events', () => {
  it('bring a store back, whichever of the events it has written', () => {
    fc.assert(
      fc.property(
        guildState,
        fc.array(commandBy(anyone), { maxLength: 30, size: 'max' }),
        fc.nat(),
        (before, commands, n) => {
          let state = before
          const events: GuildEvent[] = []
          for (const command of commands) {
            const decision = decide(state, command)
            if (!decision.ok) continue
            events.push(...decision.events)
            state = decision.events.reduce(evolve, state)
          }
          const written = events.slice(0, n % (events.length + 1)).reduce(evolve, before)
          const back = compensatingEvents(before, events)
          expect(back.reduce(evolve, written)).toEqual(before)
          // Also when they are repeated, and when no event had been written.
          expect([...back, ...back].reduce(evolve, written)).toEqual(before)
          expect(back.reduce(evolve, before)).toEqual(before)
        },
      ),
    )
  })

  it('give a deleted role back to all members who had it', () => {
    fc.assert(
      fc.property(guildState, (before) => {
        for (const roleId of before.roles.keys()) {
          if (roleId === GUILD) continue
          const events: GuildEvent[] = [{ type: 'role.deleted', roleId }]
          const holders = [...before.members.values()].filter(({ roles }) => roles.includes(roleId))
          expect(compensatingEvents(before, events)).toHaveLength(1 + holders.length)
          expect([...events, ...compensatingEvents(before, events)].reduce(evolve, before)).toEqual(
            before,
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('do not exist for a deleted guild', () => {
    fc.assert(
      fc.property(guildState, (before) => {
        expect(compensatingEvents(before, [{ type: 'guild.deleted' }])).toEqual([])
      }),
      { numRuns: 5 },
    )
  })
})
