import { Permission, parseJson, writeJson } from '@threshold/contract'
import { hasPermission } from '@threshold/domain'
import { deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { GuildHub, VoiceEndpoint, VoiceRelay } from '@threshold/ports'
import type { RawData, WebSocket } from 'ws'
import { floodGate } from '../http/flood-gate.ts'
import { type SilenceTimer, silenceTimer } from '../http/silence-timer.ts'
import { stopReading } from '../http/websockets.ts'
import { gatewayInput } from '../input/index.ts'
import type { Call, Calls, Seat, VoicePeer } from './calls.ts'
import {
  CLOSE_REASONS,
  VoiceCloseCodes as Close,
  heartbeat,
  identify,
  MODES,
  VoiceOpcodes as Op,
  selectProtocol,
  speaking,
} from './protocol.ts'

/**
 * Bytes that a slow reader may leave unread. A frame is about 100 bytes, so these are thousands.
 */
const MAX_BUFFERED = 256 * 1_024

/** A client that speaks sends a few frames a second at most. */
const FRAME_LIMIT = { frames: 120, framesMs: 10_000 }

/** Milliseconds for reading the member's permissions. */
const ACCESS_TIMEOUT_MS = 5_000

export interface VoiceConnectionDependencies {
  readonly calls: Calls
  readonly relay: VoiceRelay
  readonly hub: Pick<GuildHub, 'access'>
  readonly heartbeatMs: number
  readonly version: number
  readonly runtime: Pick<Runtime, 'clock' | 'log'>
}

interface Ready {
  readonly at: 'ready'
  readonly seat: Seat
  readonly endpoint: VoiceEndpoint
  readonly call: Call
}

type State = Ready | { readonly at: 'hello' | 'identifying' | 'closed' }

/**
 * One voice socket, from Hello to its close. A client can end its own connection by what it sends,
 * but affects no other.
 */
export class VoiceConnection implements VoicePeer {
  readonly #socket: WebSocket
  readonly #dependencies: VoiceConnectionDependencies
  /**
   * Closes the connection after two intervals without a heartbeat. Before Identify heartbeats do
   * not count, so that a client has two intervals to identify.
   */
  readonly #heartbeatTimer: SilenceTimer
  /** Counts a frame, and tells whether it is one too many. */
  readonly #exceedsRate: () => boolean
  #state: State = { at: 'hello' }
  #sequence = 0

  constructor(socket: WebSocket, dependencies: VoiceConnectionDependencies) {
    const { heartbeatMs, version, runtime } = dependencies
    this.#socket = socket
    this.#dependencies = dependencies
    this.#heartbeatTimer = silenceTimer(heartbeatMs * 2, () => this.close(Close.SessionTimeout))
    this.#exceedsRate = floodGate(FRAME_LIMIT, runtime.clock)
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('ping', (data) => this.#receivePing(data))
    socket.on('pong', () => this.#closeIfFlooding())
    socket.on('error', (error) => runtime.log.debug({ err: messageOf(error) }, 'voice socket'))
    socket.on('close', () => this.#end())
    this.send(Op.Hello, { v: version, heartbeat_interval: heartbeatMs })
  }

  send(op: Op, d: object | number | string | bigint): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    const buffered = this.#socket.bufferedAmount
    if (buffered > MAX_BUFFERED) {
      const { log } = this.#dependencies.runtime
      log.info({ buffered }, 'dropped a voice socket that reads too slowly')
      this.#socket.terminate()
      return
    }
    const isNumbered =
      this.#dependencies.version >= 8 &&
      op !== Op.Hello &&
      op !== Op.HeartbeatAck &&
      op !== Op.Ready
    this.#socket.send(writeJson(isNumbered ? { op, d, seq: ++this.#sequence } : { op, d }))
  }

  close(code: Close): void {
    this.#end()
    this.#socket.close(code, CLOSE_REASONS[code])
  }

  setMuted(muted: boolean): void {
    if (this.#state.at === 'ready')
      this.#dependencies.relay.setMuted(this.#state.endpoint.ssrc, muted)
  }

  /**
   * Counts a frame, and closes the connection if it is one too many. Control frames count as well,
   * also after a close. Reading then stops, so that TCP holds the rest of the flood back.
   */
  #closeIfFlooding(): boolean {
    if (!this.#exceedsRate()) return false
    if (this.#state.at !== 'closed') this.close(Close.RateLimited)
    stopReading(this.#socket)
    return true
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closeIfFlooding() || this.#state.at === 'closed') return
    const closeCode = this.#handle(data, isBinary)
    if (closeCode !== undefined) this.close(closeCode)
  }

  /** Answers pings here, since ws would answer any number, also of a client that reads nothing. */
  #receivePing(data: Buffer): void {
    if (this.#closeIfFlooding() || this.#state.at === 'closed') return
    this.#socket.pong(data)
  }

  /** Answers a frame, or returns the code that the connection closes with. */
  #handle(data: RawData, isBinary: boolean): Close | undefined {
    // Binary frames carry the key exchange of DAVE, which this server does not offer.
    const json = isBinary ? undefined : parseJson(data as Buffer)
    const frame = json?.ok ? gatewayInput.frame.safeParse(json.value) : undefined
    if (!frame?.success) return Close.FailedToDecode
    const { op, d } = frame.data
    const state = this.#state
    switch (op) {
      case Op.Heartbeat:
        return this.#heartbeat(d)
      case Op.Identify:
        return this.#identify(d)
      case Op.SelectProtocol:
        return state.at === 'ready' ? this.#selectProtocol(d, state) : Close.NotAuthenticated
      case Op.Speaking:
        return state.at === 'ready' ? this.#speaking(d, state) : Close.NotAuthenticated
      case Op.Resume:
        // A seat ends with its socket. The client asks the gateway for a new token, and identifies.
        return Close.SessionNoLongerValid
      default:
        return Close.UnknownOpcode
    }
  }

  #heartbeat(d: unknown): Close | undefined {
    const beat = heartbeat.safeParse(d)
    if (!beat.success) return Close.FailedToDecode
    if (this.#state.at === 'ready') this.#heartbeatTimer.refresh()
    this.send(Op.HeartbeatAck, typeof beat.data === 'object' ? { t: beat.data.t } : beat.data)
    return undefined
  }

  #identify(d: unknown): Close | undefined {
    if (this.#state.at !== 'hello') return Close.AlreadyAuthenticated
    const form = identify.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    const result = this.#dependencies.calls.authenticate(form.data)
    if ('refused' in result) return result.refused
    this.#state = { at: 'identifying' }
    void this.#join(result.seat)
    return undefined
  }

  async #join(seat: Seat): Promise<void> {
    const { calls, relay, runtime } = this.#dependencies
    let endpoint: VoiceEndpoint
    try {
      if (!(await this.#mayEnter(seat))) {
        this.close(Close.Disconnected)
        return
      }
      endpoint = await relay.join(seat.channelId, seat.userId)
    } catch (error) {
      runtime.log.warn({ err: messageOf(error) }, 'a voice connection could not join its call')
      this.close(Close.VoiceServerCrashed)
      return
    }
    // The client may have gone, or the gateway may have moved or dismissed the user meanwhile.
    const closed = this.#state.at !== 'identifying'
    if (closed || !calls.isCurrent(seat)) {
      relay.leave(endpoint.ssrc)
      if (!closed) this.close(Close.Disconnected)
      return
    }
    const { ssrc, address: ip, port } = endpoint
    relay.setMuted(ssrc, seat.muted)
    this.send(Op.Ready, { ssrc, ip, port, modes: MODES, experiments: [] })
    this.#state = { at: 'ready', seat, endpoint, call: calls.join(seat, this) }
    this.#heartbeatTimer.refresh()
  }

  /**
   * Reads the permissions again, since roles or channels may have changed after the token was made.
   */
  async #mayEnter(seat: Seat): Promise<boolean> {
    const { hub, runtime } = this.#dependencies
    const deadline = deadlineAfter(ACCESS_TIMEOUT_MS, runtime.clock)
    const access = await hub.access(seat.guildId, [seat.userId], seat.channelId, deadline)
    const member = access.kind === 'found' ? access.members.get(seat.userId) : undefined
    if (!member || !hasPermission(member.permissions, Permission.ViewChannel | Permission.Connect))
      return false
    seat.muted ||= !hasPermission(member.permissions, Permission.Speak)
    return true
  }

  #selectProtocol(d: unknown, { call }: Ready): Close | undefined {
    const form = selectProtocol.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    const { protocol, data } = form.data
    // The other protocol is WebRTC, which would need a media stack.
    if (protocol !== 'udp') return Close.UnknownProtocol
    const mode = MODES.find((known) => known === data.mode)
    if (mode === undefined) return Close.UnknownEncryptionMode
    this.send(Op.SessionDescription, {
      mode,
      secret_key: [...call.secretKey],
      media_session_id: call.mediaSessionId,
      audio_codec: 'opus',
      // No end-to-end encryption. Discord's production servers require DAVE.
      dave_protocol_version: 0,
    })
    return undefined
  }

  #speaking(d: unknown, { seat, endpoint }: Ready): Close | undefined {
    const form = speaking.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    if (seat.muted) return undefined
    // The client's own SSRC, whatever the frame says: it must not announce another's voice.
    this.#dependencies.calls.broadcast(seat, this, Op.Speaking, {
      speaking: form.data.speaking,
      ssrc: endpoint.ssrc,
      user_id: seat.userId,
    })
    return undefined
  }

  /** Runs when either side closes, and again when the socket is closed. */
  #end(): void {
    this.#heartbeatTimer.clear()
    const state = this.#state
    this.#state = { at: 'closed' }
    if (state.at !== 'ready') return
    this.#dependencies.relay.leave(state.endpoint.ssrc)
    this.#dependencies.calls.leave(state.seat, this)
  }
}
