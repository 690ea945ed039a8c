import { tokens } from '@threshold/contract'
import { lifecycle, type Runtime, systemTimers } from '@threshold/kit'
import { typescriptEventEncoder } from '@threshold/stage-1/adapters/event-encoder.typescript'
import { createGateway, type Dispatch, type Session } from '@threshold/stage-1/gateway'
import { gatewayUrls, serveHttp } from '@threshold/stage-1/http'
import type { RunningStage } from '@threshold/stage-1/run'
import { natsGuildHub } from '../adapters/guild-hub.nats.ts'
import { natsSessionRegistry } from '../adapters/session-registry.nats.ts'
import { natsVoiceCalls } from '../adapters/voice-calls.nats.ts'
import { createCircuit } from '../circuit.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'
import { startCanary } from '../sessions/canary.ts'

/** Leaves time for telling clients to reconnect, and for giving their sessions away. */
const CLOSE_WITHIN_MS = 18_000

/** Admissions to calls that the voice role has at a time of this process. */
const MAX_ADMISSIONS = 64

/** The role that owns sockets and sessions. It reads no database. */
export async function startGateway(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime, { closeWithinMs: CLOSE_WITHIN_MS })

  const nats = await open('NATS', connectNats(config.nats, 'gateway', runtime))
  const id = runtime.random(8).toString('hex')
  const hub = await open('guild hub', natsGuildHub(nats, `gateway.${id}`, runtime))
  const keeping = { gateway: id, keepMs: config.sessionMs, timers: systemTimers }
  const sessions = await open(
    'sessions',
    natsSessionRegistry<Session, Dispatch>(nats.bus, keeping, runtime),
  )
  const canary = startCanary(hub.canary, systemTimers, runtime)
  await open('canary', { [Symbol.asyncDispose]: async () => canary[Symbol.dispose]() })
  const circuit = createCircuit({ role: 'voice', maxConcurrent: MAX_ADMISSIONS }, runtime)
  const voice = natsVoiceCalls(nats.bus, circuit)

  const tools = { tokens: tokens(config.tokenSecret), gatewayUrl: gatewayUrls(config.http).own }
  const gatewayPorts = { hub, sessions, encoder: typescriptEventEncoder(), voice }
  const gateway = createGateway(gatewayPorts, tools, config.gateway, runtime)

  const parts = { routers: [], gateway, readiness: [nats.readiness, canary.readiness] }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
