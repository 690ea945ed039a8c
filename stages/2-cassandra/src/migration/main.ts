import { randomBytes } from 'node:crypto'
import { CodedError, createRuntime, messageOf } from '@threshold/kit'
import { readMigrator } from './config.ts'
import { migrate } from './steps/index.ts'

/**
 * The migrator is a process of its own: it may be killed at any time, and the stage does not know
 * it.
 */
try {
  const { step, until, config } = readMigrator(process.argv.slice(2), process.env)
  const teller = {
    say: (line: string) => console.log(line),
    progress: (line: string) => console.error(line),
  }
  await migrate(step, until, config, teller, createRuntime({ random: randomBytes }))
  process.exit(0)
} catch (error) {
  const next = error instanceof CodedError && error.next ? `\n  → ${error.next}` : ''
  console.error(`${error instanceof CodedError ? error.code : 'ERROR'}: ${messageOf(error)}${next}`)
  process.exit(error instanceof CodedError && error.code === 'BAD_CONFIG' ? 2 : 1)
}
