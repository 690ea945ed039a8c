import { aMember, testVoiceCalls } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import type { GuildHub } from '@threshold/ports'
import { voiceRelayUdp } from '@threshold/stage-1/adapters/voice-relay.udp'
import { createVoice } from '@threshold/stage-1/voice'
import { natsVoiceCalls, serveVoiceCalls } from '../../src/adapters/voice-calls.nats.ts'
import { createCircuit } from '../../src/circuit.ts'
import { natsFixture } from '../nats/fixture.ts'

const member = {
  member: aMember(),
  permissions: Permission.ViewChannel | Permission.Connect | Permission.Speak,
}
/** A hub in which everybody may enter every channel. */
const hub: Pick<GuildHub, 'access'> = {
  access: async (_guild, users) => ({
    kind: 'found',
    members: new Map(users.map((user) => [user, member])),
  }),
}

testVoiceCalls('NATS', async (use) => {
  const nats = await natsFixture(use)
  const server = await nats.connect('voice')
  const relay = use.use(await voiceRelayUdp({ host: '127.0.0.1', port: 0 }, nats.runtime))
  const options = { host: '127.0.0.1', port: 0, heartbeatMs: 60_000 }
  const voice = use.use(await createVoice({ relay, hub }, options, nats.runtime))
  const serving = serveVoiceCalls(server.bus, voice)
  use.defer(() => serving[Symbol.dispose]())
  const { bus } = await nats.connect('gateway')
  return natsVoiceCalls(bus, createCircuit({ role: 'voice', maxConcurrent: 64 }, nats.runtime))
})
