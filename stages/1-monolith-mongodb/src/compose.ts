import { tokens } from '@threshold/contract'
import { type Lifecycle, lifecycle, pingCheck, type Runtime } from '@threshold/kit'
import { createPage } from '@threshold/page'
import { typescriptAnalytics } from './adapters/analytics.typescript.ts'
import { typescriptEventEncoder } from './adapters/event-encoder.typescript.ts'
import { memoryGuildHub } from './adapters/guild-hub.memory.ts'
import { typescriptMemberList } from './adapters/member-list.typescript.ts'
import { mongoMessageStore } from './adapters/message-store.mongodb.ts'
import { mongoMetadataStore } from './adapters/metadata-store.mongodb.ts'
import { mongoOutboxNotifier } from './adapters/notifier.mongodb.ts'
import { typescriptPermissions } from './adapters/permissions.typescript.ts'
import { mongoSearchIndex } from './adapters/search-index.mongodb.ts'
import { noSessions } from './adapters/session-registry.none.ts'
import { mongoTimeReservations } from './adapters/time-reservations.mongodb.ts'
import { voiceRelayUdp } from './adapters/voice-relay.udp.ts'
import type { Config } from './config.ts'
import { createGateway } from './gateway/index.ts'
import { gatewayUrls, serveHttp } from './http/index.ts'
import { mongoDatabase } from './mongodb/database.ts'
import { createRest } from './rest/index.ts'
import { reserveTime } from './time/index.ts'
import { createVoice } from './voice/index.ts'

/**
 * Stage 1: everything in one process, everything durable in one MongoDB. The right choice, until
 * the labs say otherwise.
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
  const messages = await life.open('messages', mongoMessageStore(mongo))
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
  const readiness = [time.readiness, pingCheck('MongoDB', metadata.ping)]
  const http = await life.open(
    'HTTP',
    serveHttp({ routers, gateway, readiness }, config.http, runtime),
  )
  return { url: http.url, close: life.close }
}
