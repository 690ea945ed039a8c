import { lifecycle, type Runtime } from '@threshold/kit'
import { voiceRelayUdp } from '@threshold/stage-1/adapters/voice-relay.udp'
import { serveHttp } from '@threshold/stage-1/http'
import type { RunningStage } from '@threshold/stage-1/run'
import { createVoice } from '@threshold/stage-1/voice'
import { natsGuildHub } from '../adapters/guild-hub.nats.ts'
import { serveVoiceCalls } from '../adapters/voice-calls.nats.ts'
import type { Config } from '../config.ts'
import { connectNats } from '../nats/connect.ts'

/** The role that signals and relays voice. */
export async function startVoice(config: Config, runtime: Runtime): Promise<RunningStage> {
  const { open, close } = lifecycle(runtime)

  const nats = await open('NATS', connectNats(config.nats, 'voice', runtime))
  const id = runtime.random(8).toString('hex')
  const hub = await open('guild hub', natsGuildHub(nats, `voice.${id}`, runtime))
  const relay = await open('voice relay', voiceRelayUdp(config.voiceRelay, runtime))
  const voice = await open('voice', createVoice({ relay, hub }, config.voice, runtime))
  const serving = serveVoiceCalls(nats.bus, voice)
  await open('requests', { [Symbol.asyncDispose]: async () => serving[Symbol.dispose]() })

  const parts = { routers: [], readiness: [nats.readiness] }
  const http = await open('HTTP', serveHttp(parts, config.http, runtime))
  return { url: http.url, close }
}
