import { startMongo } from '../../src/mongodb/start.ts'

/** Says that it begins, starts an engine in Docker, and stays: to be killed at whatever moment. */
process.stdout.write('begins\n')
await startMongo({ provider: 'docker' })
setInterval(() => {}, 60_000)
