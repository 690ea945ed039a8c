import { startMongo } from '../../src/mongodb/start.ts'

/**
 * Starts an engine, says so, and stays: to be killed, or to leave by the door that its argument
 * names.
 */
const engine = await startMongo({ provider: 'native' })
process.stdout.write(`${JSON.stringify({ uri: engine.uri, pid: engine.pid })}\n`)

const leave = process.argv[2]
if (leave === 'exit') process.exit(0)
if (leave === 'throw') throw new Error('an exception that nobody catches')
setInterval(() => {}, 60_000)
