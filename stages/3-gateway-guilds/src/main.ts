import process from 'node:process'
import { CodedError, type Runtime } from '@threshold/kit'
import { exitWithError, type RunningStage, runStage } from '@threshold/stage-1/run'
import { startApi } from './api/compose.ts'
import { type Config, readConfig } from './config.ts'
import { startGateway } from './gateway/compose.ts'
import { startGuilds } from './guilds/compose.ts'
import { startNotifications } from './notifications/compose.ts'
import { startSearch } from './search/compose.ts'
import { startVoice } from './voice/compose.ts'

const ROLES: Readonly<Record<string, (config: Config, runtime: Runtime) => Promise<RunningStage>>> =
  {
    api: startApi,
    gateway: startGateway,
    guilds: startGuilds,
    notifications: startNotifications,
    search: startSearch,
    voice: startVoice,
  }

const [role = '', ...others] = process.argv.slice(2)
const start = ROLES[role]
if (start && others.length === 0) {
  await runStage(process, { name: `stage-3-${role}`, readConfig, start })
} else {
  const next = 'npx threshold stage 3 starts all roles'
  const roles = Object.keys(ROLES).join(', ')
  exitWithError(process, new CodedError('BAD_CONFIG', `name one role: ${roles}`, { next }))
}
