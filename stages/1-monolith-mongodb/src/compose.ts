import { tokens } from '@threshold/contract'
import { lifecycle, pingCheck, type Runtime } from '@threshold/kit'
import { createPage } from '@threshold/page'
import { typescriptAnalytics } from './adapters/analytics.typescript.ts'
import { typescriptEventEncoder } from './adapters/event-encoder.typescript.ts'
import { memoryGuildHub } from './adapters/guild-hub.memory.ts'
import { typescriptMemberList } from './adapters/member-list.typescript.ts'
import { mongoMessageStore } from './adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from './adapters/metadata-store.mongodb.ts'
import { mongoOutboxNotifier } from './adapters/notifier.mongodb.ts'
import { typescriptPermissions } from './adapters/permissions.typescript.ts'
import { memoryPublishReconciler } from './adapters/publish-reconciler.memory.ts'
import { mongoSearchIndex } from './adapters/search-index.mongodb.ts'
import { noSessions } from './adapters/session-registry.none.ts'
import { mongoTimeReservations } from './adapters/time-reservations.mongodb.ts'
import { voiceRelayUdp } from './adapters/voice-relay.udp.ts'
import type { Config } from './config.ts'
import { createGateway } from './gateway/index.ts'
import { gatewayUrls, serveHttp } from './http/index.ts'
import { mongoDatabase } from './mongodb/database.ts'
import type { RunningStage } from './process/run.ts'
import { createRest } from './rest/index.ts'
import { reserveTime } from './time/index.ts'
import { createVoice } from './voice/index.ts'

/**
 * Stage 1: all parts in one process, all durable data in one MongoDB. Components close in reverse
 * order of opening.
 */
export async function start(config: Config, base: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(base)

  const mongo = await open('MongoDB', mongoDatabase(config.mongodb, base.telemetry))
  const reservations = mongoTimeReservations(mongo)
  const time = await open('reserved time', reserveTime(reservations, config.worker, base))
  const runtime = { ...base, hybrid: time.hybrid }

  const metadata = await open('metadata', mongoMetadataStore(mongo))
  const messages = await open('messages', mongoMessageStore(mongo))
  const search = await open('search', mongoSearchIndex(mongo))
  const outbox = mongoOutboxNotifier(mongo, messages, config.notifications, runtime)
  const notifier = await open('notifier', outbox)

  const permissions = typescriptPermissions()
  const guildPorts = { metadata, messages, permissions, memberList: typescriptMemberList }
  const hub = await open('guild hub', memoryGuildHub(guildPorts, runtime))
  const relay = await open('voice relay', voiceRelayUdp(config.voiceRelay, runtime))
  const voice = await open('voice', createVoice({ relay, hub }, config.voice, runtime))

  const tokenTool = tokens(config.tokenSecret)
  const urls = gatewayUrls(config.http)
  const tools = { tokens: tokenTool, newId: time.newId, gatewayUrl: urls.next }
  const analytics = typescriptAnalytics(runtime.clock)
  const reconciler = await open('reconciler', memoryPublishReconciler(runtime))
  const restPorts = { metadata, messages, search, notifier, hub, analytics, reconciler }
  const rest = createRest(restPorts, tools, config.rest, runtime)
  const sessions = await open('sessions', noSessions())
  const encoder = typescriptEventEncoder()
  const gatewayPorts = { hub, sessions, encoder, voice }
  const gatewayTools = { tokens: tokenTool, gatewayUrl: urls.own }
  const gateway = createGateway(gatewayPorts, gatewayTools, config.gateway, runtime)

  const routers = [createPage(config.http), rest]
  const readiness = [time.readiness, pingCheck('MongoDB', metadata.ping)]
  const http = await open('HTTP', serveHttp({ routers, gateway, readiness }, config.http, runtime))
  return { url: http.url, close }
}
