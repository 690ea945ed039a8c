import { randomBytes } from 'node:crypto'
import { createRuntime } from '@threshold/kit'
import { migrate } from '@threshold/migration/migrator'
import { readMigrator } from '../../../src/migration/config.ts'
import { mongoCassandraPorts } from '../../../src/migration/migrator.ts'

/** The migrator, which kills itself with -9 at the failpoint that its last argument names. */
const dieAt = process.argv.at(-1)
const { step, until, config } = readMigrator(process.argv.slice(2, -1), process.env)
const reporter = {
  result: (line: string) => void process.stdout.write(`${line}\n`),
  progress: () => {},
  failpoint(name: string) {
    if (name === dieAt) process.kill(process.pid, 'SIGKILL')
  },
}
const ports = await mongoCassandraPorts(config, createRuntime({ random: randomBytes }))
await migrate(step, until, ports, config, reporter)
process.exit(0)
