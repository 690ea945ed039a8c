import { runScenario } from '../harness.ts'
import { createClients } from './clients.ts'
import { guild } from './guild.ts'
import { messages } from './messages.ts'
import { session } from './session.ts'

await runScenario((harness) => {
  const clients = createClients(harness)
  return { ...session(clients), ...guild(clients), ...messages(clients) }
})
