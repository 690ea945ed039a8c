import { lifecycle, type Runtime } from '@threshold/kit'
import { mongoSearchIndex } from '@threshold/stage-1/adapters/search-index.mongodb'
import { serveHttp } from '@threshold/stage-1/http'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import type { RunningStage } from '@threshold/stage-1/run'
import { serveSearchIndex } from '../adapters/search-index.nats.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'

/** The role that finds messages. A search that takes all of its CPU delays no message. */
export async function startSearch(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime)

  const nats = await open('NATS', connectNats(config.nats, 'search', runtime))
  const mongo = await open('MongoDB', mongoDatabase(config.mongodb, runtime.telemetry))
  const index = await open('search', mongoSearchIndex(mongo))
  const serving = serveSearchIndex(nats.bus, index)
  await open('requests', { [Symbol.asyncDispose]: async () => serving[Symbol.dispose]() })

  const parts = { routers: [], readiness: [nats.readiness] }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
