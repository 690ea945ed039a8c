import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { aMember } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import { createRuntime } from '@threshold/kit'
import type { Access } from '@threshold/ports'
import { afterEach, beforeEach, vi } from 'vitest'
import { WebSocket } from 'ws'
import { type UdpVoiceRelay, voiceRelayUdp } from '../../src/adapters/voice-relay.udp.ts'
import {
  createVoice,
  type VoiceFrame,
  type VoiceOpcodes,
  type VoiceServer,
} from '../../src/voice/index.ts'
import { type VoiceClient, type VoiceClientOptions, voiceClient } from './client.ts'

export const GUILD = '1001'
export const CHANNEL = '2001'
export const OTHER_CHANNEL = '2002'
export const ADA = '3001'
export const GRACE = '3002'
export const ALAN = '3003'

let open: AsyncDisposable[] = []
const EVERYTHING = Permission.ViewChannel | Permission.Connect | Permission.Speak
const member = (permissions: bigint): Access => ({ kind: 'member', member: aMember(), permissions })
let access: Access
/** Sets the guild's answer for every member. At first they may do everything. */
export function permit(allowed: Access | bigint): void {
  access = typeof allowed === 'bigint' ? member(allowed) : allowed
}
/** Those of the running test. */
export let relay: UdpVoiceRelay
export let voice: VoiceServer

/** Every test of the calling suite has a voice server of its own, and leaves nothing open. */
export function withVoice(): void {
  beforeEach(async () => {
    await start(60_000)
  })
  afterEach(closeAll)
}

export async function start(heartbeatMs: number): Promise<void> {
  const runtime = createRuntime({ random: randomBytes })
  relay = await voiceRelayUdp({ host: '127.0.0.1', port: 0 }, runtime)
  access = member(EVERYTHING)
  voice = await createVoice(
    { relay, hub: { access: async () => access } },
    { host: '127.0.0.1', port: 0, heartbeatMs },
    runtime,
  )
  open = [runtime.telemetry, relay, voice]
}

export async function closeAll(): Promise<void> {
  for (const part of open.splice(0).reverse()) await part[Symbol.asyncDispose]()
}

interface Joined extends VoiceClient {
  readonly heard: string[]
  readonly frames: VoiceFrame[]
}

/** As a client does it: admitted by the gateway, then in by the voice socket. */
export async function join(
  userId: string,
  channelId = CHANNEL,
  options: Partial<VoiceClientOptions> = {},
): Promise<Joined> {
  const sessionId = `session-${userId}`
  const { token, endpoint } = voice.admit({ guildId: GUILD, channelId, userId, sessionId })
  const heard: string[] = []
  const frames: VoiceFrame[] = []
  const client = await voiceClient({
    endpoint,
    token,
    guildId: GUILD,
    userId,
    sessionId,
    onPacket: (packet) => heard.push(packet.payload.toString()),
    onFrame: (frame) => frames.push(frame),
    ...options,
  })
  open.push(client)
  return Object.assign(client, { heard, frames })
}

export const dataOf = (client: Joined, op: VoiceOpcodes): unknown[] =>
  client.frames.filter((frame) => frame.op === op).map((frame) => frame.d)

/** A bare socket: sends what it is told once Hello is there, and reports the close code. */
export async function raw(
  frames: (string | Buffer)[],
  query = '?v=8',
): Promise<{ code: Promise<number>; socket: WebSocket; frames: VoiceFrame[] }> {
  const socket = new WebSocket(`ws://${voice.endpoint}/${query}`)
  const seen: VoiceFrame[] = []
  socket.on('message', (data) => seen.push(JSON.parse(String(data))))
  socket.on('error', () => {})
  open.push({ [Symbol.asyncDispose]: async () => socket.terminate() })
  const code = once(socket, 'close').then(([closed]) => closed as number)
  await Promise.race([once(socket, 'message'), code])
  for (const frame of frames) socket.send(frame)
  return { code, socket, frames: seen }
}

export const identify = (d: object): string =>
  JSON.stringify({
    op: 0,
    d: { server_id: GUILD, user_id: ADA, session_id: 'session-3001', token: 'x', ...d },
  })
export const admitAda = (): string =>
  voice.admit({ guildId: GUILD, channelId: CHANNEL, userId: ADA, sessionId: 'session-3001' }).token
/** Ada may come in, but comes with this instead of what she was given. */
export const admitted = (d: object): string[] => {
  admitAda()
  return [identify(d)]
}
export const entered = (): string => identify({ token: admitAda() })

/** Closed by the test itself. */
export function closed(part: AsyncDisposable): void {
  open = open.filter((other) => other !== part)
}

/**
 * Waits until it holds: at once on a free machine, and longer on a busy one than a test would care
 * to say each time.
 */
export const eventually = (holds: () => void): Promise<void> =>
  vi.waitFor(holds, { timeout: 30_000, interval: 20 })
