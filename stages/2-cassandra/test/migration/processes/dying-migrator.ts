import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import { readMigrator } from '../../../src/migration/config.ts'
import { migrate } from '../../../src/migration/steps/index.ts'

/**
 * The migrator, killed by itself at the moment that its last argument names: -9, as the real one,
 * and exactly there.
 */
const moment = process.argv.at(-1)
const { step, until, config } = readMigrator(process.argv.slice(2, -1), process.env)
const teller = {
  say: (line: string) => void process.stdout.write(`${line}\n`),
  progress: () => {},
  moment(name: string) {
    if (name === moment) process.kill(process.pid, 'SIGKILL')
  },
}
await migrate(step, until, config, teller, createRuntime({ random: randomBytes }))
process.exit(0)
