import { gatewayInput, Permission, parseJson, writeJson } from '@threshold/contract'
import { hasPermission } from '@threshold/domain'
import { deadlineAfter, messageOf, type Runtime } from '@threshold/kit'
import type { GuildHub, VoiceEndpoint, VoiceRelay } from '@threshold/ports'
import type { RawData, WebSocket } from 'ws'
import { type SilenceTimer, silenceTimer } from '../http/silence-timer.ts'
import { stopReading } from '../http/websockets.ts'
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
 * Bytes a slow reader may leave waiting before it is dropped. Voice frames are about 100 bytes:
 * this is a lot of silence.
 */
const MAX_BUFFERED = 256 * 1_024

/** Frames in ten seconds. Speaking goes on and off a few times a second at the most. */
const MAX_FRAMES = 120
const FRAME_WINDOW_MS = 10_000

/** Milliseconds that the question for a member's permissions may take. */
const ACCESS_MS = 5_000

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
  readonly place: VoiceEndpoint
  readonly call: Call
}

type State = Ready | { readonly at: 'hello' | 'identifying' | 'closed' }

/**
 * One voice socket, from Hello to its close. Whatever it sends, it can end itself and nothing else.
 */
export class VoiceConnection implements VoicePeer {
  readonly #socket: WebSocket
  readonly #parts: VoiceConnectionDependencies
  readonly #silence: SilenceTimer
  #state: State = { at: 'hello' }
  #seq = 0
  #frames = { since: 0, count: 0 }

  constructor(socket: WebSocket, parts: VoiceConnectionDependencies) {
    this.#socket = socket
    this.#parts = parts
    // Two intervals of silence, or two intervals without an Identify, whatever else is sent.
    this.#silence = silenceTimer(parts.heartbeatMs * 2, () => this.close(Close.SessionTimeout))
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary))
    socket.on('ping', (data) => this.#pinged(data))
    socket.on('pong', () => this.#flooded())
    socket.on('error', (error) =>
      parts.runtime.log.debug({ err: messageOf(error) }, 'voice socket'),
    )
    socket.on('close', () => this.#gone())
    this.send(Op.Hello, { v: parts.version, heartbeat_interval: parts.heartbeatMs })
  }

  send(op: Op, d: object | number | string | bigint): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > MAX_BUFFERED) {
      this.#parts.runtime.log.info(
        { buffered: this.#socket.bufferedAmount },
        'voice socket reads too slowly',
      )
      this.#socket.terminate()
      return
    }
    const numbered =
      this.#parts.version >= 8 && op !== Op.Hello && op !== Op.HeartbeatAck && op !== Op.Ready
    this.#socket.send(writeJson(numbered ? { op, d, seq: ++this.#seq } : { op, d }))
  }

  close(code: Close): void {
    this.#gone()
    this.#socket.close(code, CLOSE_REASONS[code])
  }

  silence(silent: boolean): void {
    if (this.#state.at === 'ready') this.#parts.relay.setMuted(this.#state.place.ssrc, silent)
  }

  /**
   * Each frame counts, a control frame too, and after a close as well. One too many ends the
   * connection, and the reading.
   */
  #flooded(): boolean {
    if (!this.#flooding()) return false
    if (this.#state.at !== 'closed') this.close(Close.RateLimited)
    stopReading(this.#socket)
    return true
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#flooded() || this.#state.at === 'closed') return
    const refused = this.#handle(data, isBinary)
    if (refused !== undefined) this.close(refused)
  }

  /** ws alone would answer any number of pings, also to a client that never reads the answers. */
  #pinged(data: Buffer): void {
    if (this.#flooded() || this.#state.at === 'closed') return
    this.#socket.pong(data)
  }

  /** Answers a frame, or says why it ends the connection. */
  #handle(data: RawData, isBinary: boolean): Close | undefined {
    // Binary frames carry DAVE's key exchange, which was not offered.
    const json = isBinary ? undefined : parseJson(data as Buffer)
    const frame = json?.ok ? gatewayInput.frame.safeParse(json.value) : undefined
    if (!frame?.success) return Close.FailedToDecode
    const { op, d } = frame.data
    switch (op) {
      case Op.Heartbeat:
        return this.#heartbeat(d)
      case Op.Identify:
        return this.#identify(d)
      case Op.SelectProtocol:
        return this.#state.at === 'ready'
          ? this.#selectProtocol(d, this.#state)
          : Close.NotAuthenticated
      case Op.Speaking:
        return this.#state.at === 'ready' ? this.#speaking(d, this.#state) : Close.NotAuthenticated
      case Op.Resume:
        // Calls live in this process alone and die with the socket: the client asks the gateway for
        // a new token and comes again.
        return Close.SessionNoLongerValid
      default:
        return Close.UnknownOpcode
    }
  }

  #heartbeat(d: unknown): Close | undefined {
    const beat = heartbeat.safeParse(d)
    if (!beat.success) return Close.FailedToDecode
    if (this.#state.at === 'ready') this.#silence.refresh()
    this.send(Op.HeartbeatAck, typeof beat.data === 'object' ? { t: beat.data.t } : beat.data)
    return undefined
  }

  #identify(d: unknown): Close | undefined {
    if (this.#state.at !== 'hello') return Close.AlreadyAuthenticated
    const form = identify.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    const claim = this.#parts.calls.authenticate(form.data)
    if ('refused' in claim) return claim.refused
    this.#state = { at: 'identifying' }
    void this.#takeSeat(claim.seat)
    return undefined
  }

  async #takeSeat(seat: Seat): Promise<void> {
    const { calls, relay, runtime } = this.#parts
    let place: VoiceEndpoint
    try {
      if (!(await this.#mayEnter(seat))) {
        this.close(Close.Disconnected)
        return
      }
      place = await relay.join(seat.channelId, seat.userId)
    } catch (error) {
      runtime.log.warn({ err: messageOf(error) }, 'a voice socket got no seat')
      this.close(Close.VoiceServerCrashed)
      return
    }
    const left = this.#state.at !== 'identifying'
    if (left || !calls.isCurrent(seat)) {
      relay.leave(place.ssrc)
      if (!left) this.close(Close.Disconnected)
      return
    }
    relay.setMuted(place.ssrc, seat.silent)
    this.send(Op.Ready, {
      ssrc: place.ssrc,
      ip: place.address,
      port: place.port,
      modes: MODES,
      experiments: [],
    })
    this.#state = { at: 'ready', seat, place, call: calls.join(seat, this) }
    this.#silence.refresh()
  }

  /** Asked once more: the token may be older than a change of permissions, roles or channels. */
  async #mayEnter(seat: Seat): Promise<boolean> {
    const { hub, runtime } = this.#parts
    const access = await hub.access(
      seat.guildId,
      seat.userId,
      seat.channelId,
      deadlineAfter(ACCESS_MS, runtime.clock),
    )
    if (
      access.kind !== 'member' ||
      !hasPermission(access.permissions, Permission.ViewChannel | Permission.Connect)
    )
      return false
    seat.silent ||= !hasPermission(access.permissions, Permission.Speak)
    return true
  }

  #selectProtocol(d: unknown, { call }: Ready): Close | undefined {
    const form = selectProtocol.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    const { protocol, data } = form.data
    if (protocol !== 'udp') return Close.UnknownProtocol // WebRTC's would need a media stack
    const mode = MODES.find((known) => known === data.mode)
    if (mode === undefined) return Close.UnknownEncryptionMode
    this.send(Op.SessionDescription, {
      mode,
      secret_key: [...call.secretKey],
      media_session_id: call.mediaSessionId,
      audio_codec: 'opus',
      dave_protocol_version: 0, // no end-to-end encryption; in production DAVE is compulsory
    })
    return undefined
  }

  #speaking(d: unknown, { seat, place }: Ready): Close | undefined {
    const form = speaking.safeParse(d)
    if (!form.success) return Close.FailedToDecode
    if (seat.silent) return undefined // nor is anybody told that they speak
    // The seat's own SSRC, whatever the client wrote: nobody announces another's voice.
    this.#parts.calls.broadcast(seat, this, Op.Speaking, {
      speaking: form.data.speaking,
      ssrc: place.ssrc,
      user_id: seat.userId,
    })
    return undefined
  }

  #flooding(): boolean {
    const now = this.#parts.runtime.clock.now()
    const { since } = this.#frames
    if (now < since || now - since >= FRAME_WINDOW_MS) this.#frames = { since: now, count: 0 }
    return ++this.#frames.count > MAX_FRAMES
  }

  /** Once, whichever side began. */
  #gone(): void {
    this.#silence.clear()
    const state = this.#state
    this.#state = { at: 'closed' }
    if (state.at !== 'ready') return
    this.#parts.relay.leave(state.place.ssrc)
    this.#parts.calls.leave(state.seat, this)
  }
}
