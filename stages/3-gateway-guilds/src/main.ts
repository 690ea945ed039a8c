import process from 'node:process'
import { CodedError, createRuntime, createTelemetry, type Runtime } from '@threshold/kit'
import { exitWithError, type RunningStage, runStage } from '@threshold/stage-1/run'
import { startApi } from './api/compose.ts'
import { type Config, readConfig } from './config.ts'
import { startGateway } from './gateway/compose.ts'
import { startGuilds } from './guilds/compose.ts'
import { startNotifications } from './notifications/compose.ts'
import { startSearch } from './search/compose.ts'
import { startVoice } from './voice/compose.ts'

type StartRole = (config: Config, runtime: Runtime) => Promise<RunningStage>

const ROLES: Readonly<Record<string, StartRole>> = {
  api: startApi,
  gateway: startGateway,
  guilds: startGuilds,
  notifications: startNotifications,
  search: startSearch,
  voice: startVoice,
}

/**
 * Starts roles that share this process. Each has its own metrics, and listens on the port after the
 * one of the role before. `THRESHOLD_NATS_URI` then names a user with the rights of all of them.
 */
async function startTogether(
  roles: readonly string[],
  config: Config,
  runtime: Runtime,
): Promise<RunningStage> {
  await using opening = new AsyncDisposableStack()
  let url: string | undefined
  for (const [index, role] of roles.entries()) {
    const { port } = config.http
    const http = { ...config.http, port: port === 0 ? 0 : port + index }
    const service = `stage-3-${role}`
    const telemetry =
      index === 0
        ? runtime.telemetry
        : opening.use(createTelemetry({ service, otlpUrl: config.otlpUrl }))
    const own = createRuntime({ ...runtime, telemetry })
    const running = await ROLES[role]!({ ...config, http }, own)
    opening.defer(() => running.close())
    runtime.log.info({ role, url: running.url }, 'a role serves')
    url ??= running.url
  }
  const opened = opening.move()
  return { url: url!, close: () => opened.disposeAsync() }
}

const roles = process.argv.slice(2)
if (roles.length > 0 && roles.every((role) => Object.hasOwn(ROLES, role))) {
  await runStage(process, {
    name: `stage-3-${roles.join('-')}`,
    readConfig,
    start: (config, runtime) => startTogether(roles, config, runtime),
  })
} else {
  const next = 'npx threshold stage 3 starts all roles, each in a process of its own'
  const known = Object.keys(ROLES).join(', ')
  exitWithError(process, new CodedError('BAD_CONFIG', `name roles of: ${known}`, { next }))
}
