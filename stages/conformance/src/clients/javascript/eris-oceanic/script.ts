import { runScenario } from '../harness.ts'
import { createClients } from './clients.ts'
import type { Dialect } from './dialect.ts'
import { guild } from './guild.ts'
import { messages } from './messages.ts'
import { session } from './session.ts'

/** Plays the scenario with a library that speaks this dialect. */
export const run = (dialect: Dialect): Promise<void> =>
  runScenario((harness) => {
    const clients = createClients(harness, dialect)
    return { ...session(clients), ...guild(clients), ...messages(clients) }
  })
