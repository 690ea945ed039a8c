import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { parseJson } from '@threshold/contract'
import { CodedError } from '@threshold/kit'
import { type RawData, WebSocket } from 'ws'
import {
  discoveryRequest,
  type RtpPacket,
  readDiscoveryResponse,
  readRtp,
  writeRtp,
} from '../../src/voice/datagram.ts'
import {
  MODES,
  NEWEST_VERSION,
  VoiceOpcodes as Op,
  type VoiceFrame,
} from '../../src/voice/protocol.ts'

export interface VoiceClientOptions {
  /** From VOICE_SERVER_UPDATE. */
  readonly endpoint: string
  readonly token: string
  readonly guildId: string
  readonly userId: string
  /** The gateway session that joined the channel. */
  readonly sessionId: string
  readonly version?: number
  /** Milliseconds for joining the call. */
  readonly joinWithinMs?: number
  onPacket?(packet: RtpPacket): void
  onFrame?(frame: VoiceFrame): void
}

export interface VoiceClient extends AsyncDisposable {
  readonly ssrc: number
  /** This client's address as the relay sees it. */
  readonly discovered: { readonly address: string; readonly port: number }
  readonly mode: string
  readonly secretKey: Buffer
  /** Sends one packet of 20 ms. The client has no codec or cipher, so the payload is arbitrary. */
  sendPacket(payload: Buffer): Promise<void>
  /** Sends any bytes from this client's address. */
  datagram(bytes: Buffer): Promise<void>
  speaking(flags: number): void
  /** Resolves when the voice socket is closed, by either side. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Samples of 20 ms at 48 kHz. */
const FRAME_SAMPLES = 960
/** Discovery uses UDP, which may lose it. It is repeated after this long. */
const DISCOVERY_RETRY_MS = 250

/**
 * A voice client for tests. It uses `ws://` and plain UDP, which unmodified clients refuse.
 * Resolves when packets can flow both ways. Rejects with VOICE_CLOSED and the close code, or with
 * VOICE_JOIN_TIMED_OUT; then nothing is left open.
 */
export async function voiceClient(options: VoiceClientOptions): Promise<VoiceClient> {
  const socket = new WebSocket(`ws://${options.endpoint}/?v=${options.version ?? NEWEST_VERSION}`)
  const frames = frameReader(socket, options)
  let udp: Socket | undefined
  let leaving = false
  let beat: NodeJS.Timeout | undefined
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => {
      clearInterval(beat)
      resolve({ code, reason: reason.toString() })
    })
  })
  const dispose = async (): Promise<void> => {
    leaving = true
    if (socket.readyState === WebSocket.CONNECTING) socket.terminate()
    else socket.close(1000)
    await closed
    const relay = udp
    udp = undefined
    if (relay) await closeUdp(relay)
  }
  const send = (op: Op, d: unknown): void => socket.send(JSON.stringify({ op, d }))

  const join = async (): Promise<VoiceClient> => {
    const hello = await frames.next<{ heartbeat_interval: number }>(Op.Hello)
    let nonce = 0
    beat = setInterval(() => {
      nonce += 1
      send(
        Op.Heartbeat,
        (options.version ?? NEWEST_VERSION) >= 8 ? { t: nonce, seq_ack: frames.seq() } : nonce,
      )
    }, hello.heartbeat_interval)
    send(Op.Identify, {
      server_id: options.guildId,
      user_id: options.userId,
      session_id: options.sessionId,
      token: options.token,
    })
    const ready = await frames.next<{ ssrc: number; ip: string; port: number }>(Op.Ready)

    const relay = await connectedUdp(ready.ip, ready.port)
    // If the join has failed meanwhile, `dispose` has run and knows nothing of this socket.
    if (leaving) await closeUdp(relay)
    else udp = relay
    const discovered = await discover(relay, ready.ssrc)
    relay.on('message', (bytes) => {
      const packet = readRtp(bytes)
      if (packet) options.onPacket?.(packet)
    })
    send(Op.SelectProtocol, { protocol: 'udp', data: { ...discovered, mode: MODES[0] } })
    const session = await frames.next<{ mode: string; secret_key: number[] }>(Op.SessionDescription)

    const datagram = (bytes: Buffer): Promise<void> =>
      new Promise((resolve, reject) =>
        relay.send(bytes, (error) => (error ? reject(error) : resolve())),
      )
    let sequence = 0
    return {
      ssrc: ready.ssrc,
      discovered,
      mode: session.mode,
      secretKey: Buffer.from(session.secret_key),
      datagram,
      sendPacket: (payload) => {
        sequence += 1
        return datagram(
          writeRtp({ ssrc: ready.ssrc, sequence, timestamp: sequence * FRAME_SAMPLES, payload }),
        )
      },
      speaking: (flags) => send(Op.Speaking, { speaking: flags, delay: 0, ssrc: ready.ssrc }),
      closed,
      [Symbol.asyncDispose]: dispose,
    }
  }

  const { promise: timeout, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      reject(
        new CodedError('VOICE_JOIN_TIMED_OUT', 'the voice server did not answer the join in time'),
      ),
    options.joinWithinMs ?? 10_000,
  )
  try {
    return await Promise.race([join(), frames.failed, timeout])
  } catch (error) {
    await dispose()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Waits for the frames of the join. A frame may arrive before or after `next` asks for it. */
function frameReader(socket: WebSocket, options: VoiceClientOptions) {
  const waiting = new Map<number, (d: unknown) => void>()
  const early = new Map<number, unknown>()
  let seq = -1
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {}) // after the join, `closed` reports the close instead
  socket.on('error', reject)
  socket.on('close', (code, reason) =>
    reject(
      new CodedError('VOICE_CLOSED', `the voice server closed with ${code} ${reason.toString()}`),
    ),
  )
  socket.on('message', (data: RawData) => {
    const json = parseJson(data as Buffer)
    if (!json.ok) return
    const frame = json.value as VoiceFrame
    seq = frame.seq ?? seq
    options.onFrame?.(frame)
    const waiter = waiting.get(frame.op)
    if (waiter) waiter(frame.d)
    else if (frame.op === Op.Hello || frame.op === Op.Ready || frame.op === Op.SessionDescription)
      early.set(frame.op, frame.d)
    waiting.delete(frame.op)
  })
  return {
    failed,
    seq: () => seq,
    next: <T>(op: Op): Promise<T> =>
      new Promise((resolve) => {
        if (early.has(op)) resolve(early.get(op) as T)
        else waiting.set(op, (d) => resolve(d as T))
      }),
  }
}

/** A connected socket: the kernel drops datagrams that do not come from the relay. */
async function connectedUdp(address: string, port: number): Promise<Socket> {
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  udp.on('error', () => {}) // such as a refused packet
  udp.connect(port, address)
  await once(udp, 'connect')
  return udp
}

async function closeUdp(udp: Socket): Promise<void> {
  const closed = once(udp, 'close')
  udp.close()
  await closed
}

async function discover(udp: Socket, ssrc: number): Promise<{ address: string; port: number }> {
  const { promise, resolve } = Promise.withResolvers<{ address: string; port: number }>()
  const read = (bytes: Buffer): void => {
    const response = readDiscoveryResponse(bytes)
    if (response?.ssrc === ssrc) resolve({ address: response.address, port: response.port })
  }
  udp.on('message', read)
  const request = (): void => udp.send(discoveryRequest(ssrc))
  request()
  const retry = setInterval(request, DISCOVERY_RETRY_MS)
  udp.once('close', () => clearInterval(retry))
  try {
    return await promise
  } finally {
    clearInterval(retry)
    udp.off('message', read)
  }
}
