import { startMongo } from '../../src/mongodb/start.ts'

/** Starts an engine and prints it, then exits as its argument says, or keeps running. */
const engine = await startMongo({ provider: 'native' })
process.stdout.write(`${JSON.stringify({ uri: engine.uri, pid: engine.pid })}\n`)

const exit = process.argv[2]
if (exit === 'exit') process.exit(0)
if (exit === 'throw') throw new Error('an uncaught exception')
setInterval(() => {}, 60_000)
