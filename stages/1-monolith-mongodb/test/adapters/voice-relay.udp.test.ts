import { testVoiceRelay } from '@threshold/conformance/ports'
import { voiceRelayUdp } from '../../src/adapters/voice-relay.udp.ts'

testVoiceRelay('UDP', () => voiceRelayUdp({ host: '127.0.0.1', port: 0 }))
