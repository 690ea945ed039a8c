import { lifecycle, type Runtime } from '@threshold/kit'
import { serveHttp } from '@threshold/stage-1/http'
import type { RunningStage } from '@threshold/stage-1/run'
import { openSearchIndex } from '../adapters/search-index.opensearch.ts'
import { sqliteSearchIndex } from '../adapters/search-index.sqlite.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'
import { openStores } from '../stores.ts'
import { startSearchRole } from './role.ts'

/** The role that finds messages. A search that takes all of its CPU delays no message. */
export async function startSearch(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime)

  const nats = await open('NATS', connectNats(config.nats, 'search', runtime))
  const { metadata, messages } = await openStores(open, config, runtime)
  const { openSearchUri, searchFile } = config
  const adapter = openSearchUri ? openSearchIndex(openSearchUri) : sqliteSearchIndex(searchFile)
  const index = await open('search index', adapter)
  const stores = { metadata, messages }
  const search = await open('search', startSearchRole(nats, index, stores, runtime))

  const parts = { routers: [], readiness: [nats.readiness, search.readiness] }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
