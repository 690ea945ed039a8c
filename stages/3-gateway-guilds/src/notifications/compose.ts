import { lifecycle, type Runtime } from '@threshold/kit'
import { serveHttp } from '@threshold/stage-1/http'
import type { RunningStage } from '@threshold/stage-1/run'
import { startPushWorker } from '../adapters/notifier.jetstream.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'
import { openStores } from '../stores.ts'

/**
 * The role that sends pushes. Where no sink is configured, they wait in the stream until they
 * expire.
 */
export async function startNotifications(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime)

  const nats = await open('NATS', connectNats(config.nats, 'notifications', runtime))
  const { messages } = await openStores(open, config, runtime)
  if (config.notifications.url !== undefined)
    await open('pushes', startPushWorker(nats, messages, config.notifications, runtime))

  const parts = { routers: [], readiness: [nats.readiness] }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
