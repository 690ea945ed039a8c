import { tokens } from '@threshold/contract'
import { lifecycle, pingCheck, type Runtime } from '@threshold/kit'
import { createPage } from '@threshold/page'
import { typescriptAnalytics } from '@threshold/stage-1/adapters/analytics.typescript'
import { typescriptEventEncoder } from '@threshold/stage-1/adapters/event-encoder.typescript'
import { memoryGuildHub } from '@threshold/stage-1/adapters/guild-hub.memory'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { mongoOutboxNotifier } from '@threshold/stage-1/adapters/notifier.mongodb'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { memoryPublishReconciler } from '@threshold/stage-1/adapters/publish-reconciler.memory'
import { mongoSearchIndex } from '@threshold/stage-1/adapters/search-index.mongodb'
import { noSessions } from '@threshold/stage-1/adapters/session-registry.none'
import { mongoTimeReservations } from '@threshold/stage-1/adapters/time-reservations.mongodb'
import { voiceRelayUdp } from '@threshold/stage-1/adapters/voice-relay.udp'
import { createGateway } from '@threshold/stage-1/gateway'
import { gatewayUrls, serveHttp } from '@threshold/stage-1/http'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { createRest } from '@threshold/stage-1/rest'
import type { RunningStage } from '@threshold/stage-1/run'
import { reserveTime } from '@threshold/stage-1/time'
import { createVoice } from '@threshold/stage-1/voice'
import { cassandraMessageStore } from './adapters/message-store.cassandra.ts'
import type { Config } from './config.ts'
import { movingMessageStore, openCassandra } from './migration/index.ts'

/**
 * Stage 2: still one process. Messages and reactions are on Cassandra; users, guilds, search and
 * pushes stay on MongoDB. Components close in reverse order of opening.
 */
export async function start(config: Config, base: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(base)

  const mongo = await open('MongoDB', mongoDatabase(config.mongodb, base.telemetry))
  const reservations = mongoTimeReservations(mongo)
  const time = await open('reserved time', reserveTime(reservations, config.worker, base))
  const runtime = { ...base, hybrid: time.hybrid }

  const metadata = await open('metadata', mongoMetadataStore(mongo))
  const cassandra = await open('Cassandra', openCassandra(mongo, config, runtime))
  const store = cassandraMessageStore(cassandra, config.cassandra, runtime.clock.now)
  const databases = { mongo, cassandra, messages: store }
  const messages = await open('messages', movingMessageStore(databases, config, runtime))
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
  const readiness = [
    time.readiness,
    pingCheck('MongoDB', metadata.ping),
    pingCheck('messages', messages.ready),
  ]
  const http = await open('HTTP', serveHttp({ routers, gateway, readiness }, config.http, runtime))
  return { url: http.url, close }
}
