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
  /** Of the gateway session that joined the channel. */
  readonly sessionId: string
  readonly version?: number
  /** Milliseconds the whole way in may take. */
  readonly joinWithinMs?: number
  onPacket?(packet: RtpPacket): void
  onFrame?(frame: VoiceFrame): void
}

export interface VoiceClient extends AsyncDisposable {
  readonly ssrc: number
  /** Where the relay sees this client's packets come from. */
  readonly discovered: { readonly address: string; readonly port: number }
  readonly mode: string
  readonly secretKey: Buffer
  /**
   * One packet of 20 ms. What it holds is the caller's affair: this client brings no codec and no
   * cipher.
   */
  sendPacket(payload: Buffer): Promise<void>
  /** Any bytes, from this client's own address. */
  datagram(bytes: Buffer): Promise<void>
  speaking(flags: number): void
  /** Settles when the voice socket is closed, by whomever. */
  readonly closed: Promise<{ code: number; reason: string }>
}

/** Samples of 20 ms at 48 kHz. */
const FRAME_SAMPLES = 960
/** Discovery travels by UDP, so it may be lost and is asked again. */
const DISCOVERY_RETRY_MS = 250

/**
 * A client for tests and labs, over `ws://` and plain UDP, since unmodified clients insist on TLS.
 * Resolves once packets flow both ways; rejects with VOICE_CLOSED and the close code, or
 * VOICE_JOIN_TIMED_OUT, and leaves nothing open.
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
    if (leaving)
      await closeUdp(relay) // refused meanwhile; the race below is over, and nobody else knows of this socket
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

  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(
    () =>
      reject(new CodedError('VOICE_JOIN_TIMED_OUT', 'the voice server did not let us in in time')),
    options.joinWithinMs ?? 10_000,
  )
  try {
    return await Promise.race([join(), frames.failed, late])
  } catch (error) {
    await dispose()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/**
 * Hands out the frames of the way in, each once, whichever comes first: the frame or the wait for
 * it.
 */
function frameReader(socket: WebSocket, options: VoiceClientOptions) {
  const waiting = new Map<number, (d: unknown) => void>()
  const early = new Map<number, unknown>()
  let seq = -1
  const { promise: failed, reject } = Promise.withResolvers<never>()
  failed.catch(() => {}) // after the way in nobody listens, and the close is told by `closed`
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

/** Connected: the kernel drops what comes from anywhere but the relay. */
async function connectedUdp(address: string, port: number): Promise<Socket> {
  const udp = createSocket(isIPv6(address) ? 'udp6' : 'udp4')
  udp.on('error', () => {}) // a refused packet; UDP promises nothing
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
    const answer = readDiscoveryResponse(bytes)
    if (answer?.ssrc === ssrc) resolve({ address: answer.address, port: answer.port })
  }
  udp.on('message', read)
  const ask = (): void => udp.send(discoveryRequest(ssrc))
  ask()
  const again = setInterval(ask, DISCOVERY_RETRY_MS)
  udp.once('close', () => clearInterval(again))
  try {
    return await promise
  } finally {
    clearInterval(again)
    udp.off('message', read)
  }
}
