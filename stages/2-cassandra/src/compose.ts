import { tokens } from '@threshold/contract'
import { type Lifecycle, lifecycle, pingCheck, type Runtime } from '@threshold/kit'
import { createPage } from '@threshold/page'
import { typescriptAnalytics } from '@threshold/stage-1/adapters/analytics.typescript'
import { typescriptEventEncoder } from '@threshold/stage-1/adapters/event-encoder.typescript'
import { memoryGuildHub } from '@threshold/stage-1/adapters/guild-hub.memory'
import { typescriptMemberList } from '@threshold/stage-1/adapters/member-list.typescript'
import { mongoMetadataStore } from '@threshold/stage-1/adapters/metadata-store.mongodb'
import { mongoOutboxNotifier } from '@threshold/stage-1/adapters/notifier.mongodb'
import { typescriptPermissions } from '@threshold/stage-1/adapters/permissions.typescript'
import { mongoSearchIndex } from '@threshold/stage-1/adapters/search-index.mongodb'
import { noSessions } from '@threshold/stage-1/adapters/session-registry.none'
import { mongoTimeReservations } from '@threshold/stage-1/adapters/time-reservations.mongodb'
import { voiceRelayUdp } from '@threshold/stage-1/adapters/voice-relay.udp'
import { createGateway } from '@threshold/stage-1/gateway'
import { gatewayUrls, serveHttp } from '@threshold/stage-1/http'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { createRest } from '@threshold/stage-1/rest'
import { reserveTime } from '@threshold/stage-1/time'
import { createVoice } from '@threshold/stage-1/voice'
import { cassandraMessageStore } from './adapters/message-store.cassandra.ts'
import type { Config } from './config.ts'
import { movingMessageStore, openCassandra } from './migration/index.ts'

/**
 * Stage 2: still one process. Messages and reactions are on Cassandra; people, guilds, search and
 * pushes stay on MongoDB.
 */
export async function start(
  config: Config,
  world: Runtime,
): Promise<Pick<Lifecycle, 'close'> & { url: string }> {
  const life = lifecycle(world)

  const mongo = await life.open('MongoDB', mongoDatabase(config.mongodb, world.telemetry))
  const time = await life.open(
    'reserved time',
    reserveTime(mongoTimeReservations(mongo), config.worker, world),
  )
  const runtime: Runtime = { ...world, hybrid: time.hybrid }
  const tools = {
    tokens: tokens(config.tokenSecret),
    newId: time.newId,
    gatewayUrl: gatewayUrls(config.http),
  }
  const metadata = await life.open('metadata', mongoMetadataStore(mongo))
  const cassandra = await life.open('Cassandra', openCassandra(mongo, config, runtime))
  const store = cassandraMessageStore(cassandra, config.cassandra, runtime.clock.now)
  const messages = await life.open(
    'messages',
    movingMessageStore({ mongo, cassandra, messages: store }, config, runtime),
  )
  const search = await life.open('search', mongoSearchIndex(mongo))
  const notifier = await life.open(
    'notifier',
    mongoOutboxNotifier(mongo, messages, config.notifications, runtime),
  )
  const guilds = {
    metadata,
    messages,
    permissions: typescriptPermissions(),
    memberList: typescriptMemberList,
  }
  const hub = await life.open('guild hub', memoryGuildHub(guilds, runtime))
  const relay = await life.open('voice relay', voiceRelayUdp(config.voiceRelay, runtime))
  const voice = await life.open('voice', createVoice({ relay, hub }, config.voice, runtime))
  const sessions = await life.open('sessions', noSessions())
  const analytics = typescriptAnalytics(runtime.clock)
  const rest = await life.open(
    'REST',
    createRest(
      { metadata, messages, search, notifier, hub, analytics },
      tools,
      config.rest,
      runtime,
    ),
  )
  const gateway = createGateway(
    { metadata, messages, hub, sessions, encoder: typescriptEventEncoder(), voice },
    tools,
    config.gateway,
    runtime,
  )
  const routers = [createPage(), rest.router]
  const readiness = [
    time.readiness,
    pingCheck('MongoDB', metadata.ping),
    pingCheck('messages', messages.ready),
  ]
  const http = await life.open(
    'HTTP',
    serveHttp({ routers, gateway, readiness }, config.http, runtime),
  )
  return { url: http.url, close: life.close }
}
