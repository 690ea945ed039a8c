import { randomBytes } from 'node:crypto'
import { CodedError, createLog, createRuntime, createTelemetry, messageOf } from '@threshold/kit'
import { start } from './compose.ts'
import { readConfig } from './config.ts'

/** The world outside: environment, signals, output. Nothing else here touches them. */
try {
  const config = readConfig(process.env)
  const log = createLog({ name: 'stage-2', level: config.log.level })
  const telemetry = createTelemetry({ service: 'stage-2', otlpUrl: config.otlpUrl })
  const stage = await start(config, createRuntime({ log, telemetry, random: randomBytes }))

  const stop = async (signal: string): Promise<void> => {
    log.info({ signal }, 'closing')
    await stage.close()
    await telemetry[Symbol.asyncDispose]()
    process.exit(0)
  }
  // A second signal finds the default again and ends the process at once.
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  console.log(`ready ${stage.url}`)
} catch (error) {
  const next = error instanceof CodedError && error.next ? `\n  → ${error.next}` : ''
  console.error(`${error instanceof CodedError ? error.code : 'ERROR'}: ${messageOf(error)}${next}`)
  process.exit(error instanceof CodedError && error.code === 'BAD_CONFIG' ? 2 : 1)
}
