import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  decide,
  evolve,
  type GuildCommand,
  type GuildState,
  withoutDanglingReferences,
} from '../src/index.ts'
import { commandBy, guildState } from './arbitraries.ts'
import { GUILD, OWNER } from './fixtures.ts'

const complete = guildState.map(withoutDanglingReferences)
const play = (state: GuildState, command: GuildCommand): GuildState => {
  const decision = decide(state, command)
  return decision.ok ? decision.events.reduce(evolve, state) : state
}

it('leaves a guild unchanged whose deletions were all written', () => {
  fc.assert(
    fc.property(
      complete,
      fc.array(commandBy(fc.constant(OWNER)), { maxLength: 20 }),
      (state, commands) => {
        const after = commands.reduce(play, state)
        expect(withoutDanglingReferences(after)).toEqual(after)
      },
    ),
  )
})

it('completes a partly written deletion when the guild is loaded and the request repeated', () => {
  fc.assert(
    fc.property(complete, (state) => {
      const deletions: GuildCommand[] = [
        ...[...state.channels.keys()].map(
          (channelId) => ({ type: 'channel.delete', by: OWNER, channelId }) as const,
        ),
        ...[...state.roles.keys()].flatMap((roleId) =>
          roleId === GUILD ? [] : [{ type: 'role.delete', by: OWNER, roleId } as const],
        ),
      ]
      for (const command of deletions) {
        const decision = decide(state, command)
        if (!decision.ok) throw new Error(decision.refusal)
        for (let written = 0; written <= decision.events.length; written++) {
          const loaded = withoutDanglingReferences(
            decision.events.slice(0, written).reduce(evolve, state),
          )
          expect(play(loaded, command)).toEqual(play(state, command))
        }
      }
    }),
    { numRuns: 30 },
  )
})

it('deletes a channel after all references to it', () => {
  fc.assert(
    fc.property(complete, (state) => {
      for (const channelId of state.channels.keys()) {
        const decision = decide(state, { type: 'channel.delete', by: OWNER, channelId })
        expect(decision.ok && decision.events.at(-1)?.type).toBe('channel.deleted')
      }
    }),
    { numRuns: 30 },
  )
})
