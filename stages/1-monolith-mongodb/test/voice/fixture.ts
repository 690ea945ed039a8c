import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { aMember, testDeadline } from '@threshold/conformance/ports'
import { Permission } from '@threshold/contract'
import { createRuntime } from '@threshold/kit'
import type { Access, Admission, VoiceServerInfo } from '@threshold/ports'
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
let access: Access | bigint
/**
 * Sets the access that the guild reports, or the permissions that it reports for each member. A
 * test starts with all permissions.
 */
export function setAccess(allowed: Access | bigint): void {
  access = allowed
}
const accessOf = async (_guild: string, users: readonly string[]): Promise<Access> => {
  if (typeof access !== 'bigint') return access
  const member = { member: aMember(), permissions: access }
  return { kind: 'found', members: new Map(users.map((user) => [user, member])) }
}
/** The relay and the voice server of the running test. */
export let relay: UdpVoiceRelay
export let voice: VoiceServer

/** Gives each test of the suite a voice server of its own, and closes what the test has opened. */
export function withVoice(): void {
  beforeEach(async () => {
    await start(60_000)
  })
  afterEach(closeAll)
}

export async function start(heartbeatMs: number): Promise<void> {
  const runtime = createRuntime({ random: randomBytes })
  relay = await voiceRelayUdp({ host: '127.0.0.1', port: 0 }, runtime)
  access = EVERYTHING
  voice = await createVoice(
    { relay, hub: { access: accessOf } },
    { host: '127.0.0.1', port: 0, heartbeatMs },
    runtime,
  )
  open = [runtime.telemetry, relay, voice]
}

export async function closeAll(): Promise<void> {
  for (const part of open.splice(0).reverse()) await part[Symbol.asyncDispose]()
}

/** Admits a user to a call in the guild of the tests. */
export const admit = (
  admission: Partial<Admission> & Pick<Admission, 'userId'>,
): Promise<VoiceServerInfo> =>
  voice.admit({ guildId: GUILD, channelId: CHANNEL, sessionId: 's', ...admission }, testDeadline())

interface JoinedClient extends VoiceClient {
  /** Payloads of the packets that arrived. */
  readonly received: string[]
  readonly frames: VoiceFrame[]
}

/** Joins a call as a client does: the gateway admits it, then it connects its voice socket. */
export async function join(
  userId: string,
  channelId = CHANNEL,
  options: Partial<VoiceClientOptions> = {},
): Promise<JoinedClient> {
  const sessionId = `session-${userId}`
  const { token, endpoint } = await admit({ channelId, userId, sessionId })
  const received: string[] = []
  const frames: VoiceFrame[] = []
  const client = await voiceClient({
    endpoint,
    token,
    guildId: GUILD,
    userId,
    sessionId,
    onPacket: (packet) => received.push(packet.payload.toString()),
    onFrame: (frame) => frames.push(frame),
    ...options,
  })
  open.push(client)
  return Object.assign(client, { received, frames })
}

export const dataOf = (client: JoinedClient, op: VoiceOpcodes): unknown[] =>
  client.frames.filter((frame) => frame.op === op).map((frame) => frame.d)

/** A socket that sends these frames after Hello, and reports its close code. */
export async function rawSocket(
  frames: (string | Buffer)[],
  query = '?v=8',
): Promise<{ code: Promise<number>; socket: WebSocket; frames: VoiceFrame[] }> {
  const socket = new WebSocket(`ws://${voice.endpoint}/${query}`)
  const receivedFrames: VoiceFrame[] = []
  socket.on('message', (data) => receivedFrames.push(JSON.parse(String(data))))
  socket.on('error', () => {})
  open.push({ [Symbol.asyncDispose]: async () => socket.terminate() })
  const code = once(socket, 'close').then(([closed]) => closed as number)
  await Promise.race([once(socket, 'message'), code])
  for (const frame of frames) socket.send(frame)
  return { code, socket, frames: receivedFrames }
}

export const identify = (d: object): string =>
  JSON.stringify({
    op: 0,
    d: { server_id: GUILD, user_id: ADA, session_id: 'session-3001', token: 'x', ...d },
  })
export const adasToken = async (): Promise<string> =>
  (await admit({ userId: ADA, sessionId: 'session-3001' })).token
/** Admits Ada, and identifies with these fields instead of the right ones. */
export const identifyWith = async (d: object): Promise<string[]> => {
  await adasToken()
  return [identify(d)]
}
export const validIdentify = async (): Promise<string> => identify({ token: await adasToken() })

/** Leaves out of the cleanup a part that the test has closed itself. */
export function forgetClosed(part: AsyncDisposable): void {
  open = open.filter((other) => other !== part)
}

/** Waits until an assertion holds. The limit is long because of busy machines. */
export const eventually = (assertion: () => void): Promise<void> =>
  vi.waitFor(assertion, { timeout: 30_000, interval: 20 })
