import { tokens } from '@threshold/contract'
import { lifecycle, pingCheck, type Runtime, systemTimers } from '@threshold/kit'
import { createPage } from '@threshold/page'
import { typescriptAnalytics } from '@threshold/stage-1/adapters/analytics.typescript'
import { mongoTimeReservations } from '@threshold/stage-1/adapters/time-reservations.mongodb'
import { gatewayUrls, serveHttp } from '@threshold/stage-1/http'
import { createRest } from '@threshold/stage-1/rest'
import type { RunningStage } from '@threshold/stage-1/run'
import { reserveTime } from '@threshold/stage-1/time'
import type { Router } from 'express'
import { quarantineBucket } from '../actors/quarantine.ts'
import { natsGuildHub } from '../adapters/guild-hub.nats.ts'
import { jetStreamNotifier } from '../adapters/notifier.jetstream.ts'
import { jetStreamPublishReconciler } from '../adapters/publish-reconciler.jetstream.ts'
import { natsSearchIndex } from '../adapters/search-index.nats.ts'
import { createCircuit } from '../circuit.ts'
import type { Config } from '../config.ts'
import { connectNats, type Nats } from '../nats/connect.ts'
import { ensureDeadStream } from '../nats/push-streams.ts'
import { leaseWorker } from '../nats/worker.ts'
import { openStores } from '../stores.ts'
import { deadLetterRoutes } from './dead-letter-routes.ts'
import { quarantineRoutes } from './quarantine-routes.ts'
import { searchRoutes } from './search-routes.ts'

/** Searches of this process that the search role has at a time. */
const MAX_SEARCHES = 64

/** The role that answers REST and serves the page. Any number of them run beside each other. */
export async function startApi(config: Config, base: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(base)

  const nats = await open('NATS', connectNats(config.nats, 'api', base))
  const worker = await open('worker number', leaseWorker(nats, systemTimers, base))
  const { mongo, metadata, messages } = await openStores(open, config, base)
  const reservations = mongoTimeReservations(mongo)
  const time = await open('reserved time', reserveTime(reservations, worker.number, base))
  const runtime = { ...base, hybrid: time.hybrid }

  const hub = await open('guild hub', natsGuildHub(nats, `api.${worker.number}`, runtime))
  const reconciling = jetStreamPublishReconciler(nats, systemTimers, runtime)
  const reconciler = await open('reconciler', reconciling)
  const notifier = await open('notifier', jetStreamNotifier(nats, runtime))
  const circuit = createCircuit({ role: 'search', maxConcurrent: MAX_SEARCHES }, runtime)
  const search = await open('search', natsSearchIndex(nats, circuit))
  const analytics = typescriptAnalytics(runtime.clock)

  const tokenTool = tokens(config.tokenSecret)
  const { next: gatewayUrl } = gatewayUrls(config.http)
  const tools = { tokens: tokenTool, newId: worker.guard(time.newId), gatewayUrl }
  const restPorts = { metadata, messages, search, notifier, hub, analytics, reconciler }
  const rest = createRest(restPorts, tools, config.rest, runtime)

  const operator = config.rest.provisioning
    ? [...(await operatorRoutes(nats)), searchRoutes(search, runtime)]
    : []
  const routers = [createPage(config.http), ...operator, rest]
  const checks = [time.readiness, worker.readiness, nats.readiness]
  const readiness = [...checks, pingCheck('MongoDB', metadata.ping)]
  const http = await open('HTTP', serveHttp({ routers, readiness }, config.http, runtime))
  return { url: http.url, close }
}

async function operatorRoutes(nats: Nats): Promise<Router[]> {
  await ensureDeadStream(nats)
  return [quarantineRoutes(await quarantineBucket(nats)), deadLetterRoutes(nats)]
}
