export { type RtpPacket, readRtp, writeRtp } from './datagram.ts'
export { VoiceCloseCodes, type VoiceFrame, VoiceOpcodes } from './protocol.ts'
export { createVoice, type VoiceConfig, type VoiceServer } from './server.ts'
