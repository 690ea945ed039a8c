import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import { migrate } from '@threshold/migration/migrator'
import { exitWithError } from '@threshold/stage-1/run'
import { readMigrator } from './config.ts'
import { mongoCassandraPorts } from './migrator.ts'

/** The migrator is a process of its own. It may be killed at any time, and the stage serves on. */
try {
  const { step, until, config } = readMigrator(process.argv.slice(2), process.env)
  const reporter = {
    result: (line: string) => console.log(line),
    progress: (line: string) => console.error(line),
  }
  const ports = await mongoCassandraPorts(config, createRuntime({ random: randomBytes }))
  await migrate(step, until, ports, config, reporter).finally(() => ports[Symbol.asyncDispose]())
  process.exit(0)
} catch (error) {
  exitWithError(process, error)
}
