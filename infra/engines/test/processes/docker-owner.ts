import { startMongo } from '../../src/mongodb/start.ts'

/** Starts an engine in Docker and keeps running. A test kills it at any moment. */
process.stdout.write('begins\n')
await startMongo({ provider: 'docker' })
setInterval(() => {}, 60_000)
