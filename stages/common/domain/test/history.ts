import fc from 'fast-check'
import {
  decide,
  evolve,
  type GuildCommand,
  type GuildEvent,
  type GuildState,
} from '../src/index.ts'
import { anyone, commandBy } from './arbitraries.ts'

/** The state after a history of commands, and the events. Refused commands have no effect. */
export function play(
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

export const history = fc.array(commandBy(anyone), { maxLength: 40, size: 'max' })
