import { startNats } from '../../src/nats/start.ts'

/** Starts a cluster, prints its servers, and keeps running. */
const engine = await startNats({ provider: 'native', servers: 3 })
const servers = engine.servers().map(({ pid, address }) => ({ pid, address }))
process.stdout.write(`${JSON.stringify(servers)}\n`)
setInterval(() => {}, 60_000)
