import type { Socket } from 'node:net'
import { CloseCode, Op, type Tokens } from '@threshold/contract'
import { hasCode, messageOf } from '@threshold/kit'
import type { WebSocket } from 'ws'
import { floodGate } from '../http/flood-gate.ts'
import { type SilenceTimer, silenceTimer } from '../http/silence-timer.ts'
import { stopReading } from '../http/websockets.ts'
import type { Admit } from './admission.ts'
import type { Dispatch } from './dispatch.ts'
import type { GatewayMetrics } from './metrics.ts'
import type { ClientLink } from './outbox.ts'
import {
  CLOSE_REASONS,
  type ConnectionLimits,
  completeActivities,
  type Handshake,
  readFrame,
  readIdentify,
  readResume,
} from './protocol.ts'
import { findSession } from './resume.ts'
import { Session, type SessionDependencies } from './session.ts'
import { readSessionCommand } from './session-commands.ts'
import { compressedTransport, isStreamCompression } from './transport.compressed.ts'
import {
  BURST_PAUSE_BYTES,
  type OutboundSocket,
  type Transport,
  type TransportOptions,
} from './transport.ts'

export interface ConnectionDependencies extends SessionDependencies {
  readonly tokens: Tokens
  readonly limits: ConnectionLimits
  /** The transport of connections that do not ask for a compressed stream. */
  readonly createTransport: (outbound: OutboundSocket, options?: TransportOptions) => Transport
  readonly admit: Admit
  readonly metrics: GatewayMetrics
}

type State = 'hello' | 'identifying' | 'ready' | 'closed'

/** A client that closes with one of these codes does not resume. */
const [NORMAL, GOING_AWAY] = [1_000, 1_001]
/**
 * One gateway socket: its opcodes, heartbeats and limits. A client can end its own connection by
 * what it sends, but affects no other.
 *
 * Frames are handled one after the other. Heartbeats are the exception and are answered at once: a
 * client whose IDENTIFY waits for a database is alive.
 */
export class Connection {
  readonly #socket: WebSocket
  readonly #outbound: OutboundSocket
  readonly #dependencies: ConnectionDependencies
  readonly #address: Handshake & { readonly url: string }
  readonly #heartbeatTimer: SilenceTimer
  readonly #identifyTimer: NodeJS.Timeout
  /** Counts a frame, and tells whether it is one too many. */
  readonly #exceedsRate: () => boolean
  #transport: Transport
  #state: State = 'hello'
  #session: Session | undefined
  #lastCommand: Promise<void> = Promise.resolve()

  constructor(
    socket: WebSocket,
    tcp: Socket,
    dependencies: ConnectionDependencies,
    address: Handshake & { readonly url: string },
  ) {
    const { limits, runtime, createTransport } = dependencies
    this.#socket = socket
    this.#dependencies = dependencies
    this.#address = address
    this.#outbound = {
      socket,
      tcp,
      maxBuffered: limits.maxBuffered,
      onTooSlow: (buffered) => this.#dropSlowReader(buffered),
    }
    this.#transport = isStreamCompression(address.compress)
      ? compressedTransport(this.#outbound, address.compress)
      : createTransport(this.#outbound)
    this.#exceedsRate = floodGate(limits, runtime.clock)
    const timeOut = (): void => this.close(CloseCode.SessionTimedOut)
    this.#heartbeatTimer = silenceTimer(limits.heartbeatMs * 2, timeOut)
    this.#identifyTimer = setTimeout(timeOut, limits.identifyWithinMs)
    socket.on('message', (data) => this.#receive(data as Buffer))
    socket.on('ping', (data) => this.#receivePing(data))
    socket.on('pong', () => this.#closeIfFlooding())
    socket.on('error', (error) => runtime.log.debug({ err: messageOf(error) }, 'gateway socket'))
    socket.on('close', (code) => this.#afterClose(code))
  }

  hello(): void {
    const heartbeat_interval = this.#dependencies.limits.heartbeatMs
    this.#sendControl(Op.Hello, { heartbeat_interval, _trace: [] })
  }

  /** Sends a close frame with one of our codes. The client may resume the session. */
  close(code: number): void {
    if (this.#state === 'closed') return
    this.#end()
    this.#transport.flush()
    const close = (): void => this.#socket.close(code, CLOSE_REASONS[code] ?? '')
    // A compressor works on another thread, and no payload may follow the close frame.
    const { compressing } = this.#transport
    if (compressing) void compressing.then(close)
    else close()
  }

  /** Asks the client to reconnect, because this process stops. */
  reconnect(): void {
    this.#sendControl(Op.Reconnect, null)
    this.close(1_012)
  }

  /** Sends a payload that is no event, and so has no sequence number. */
  #sendControl(op: Op, d: unknown): void {
    if (this.#state === 'closed') return
    this.#dependencies.metrics.frame()
    this.#transport.send(Buffer.from(JSON.stringify({ t: null, s: null, op, d })))
  }

  #dispatch(event: Dispatch, sequence: number): void {
    if (this.#state === 'closed') return
    this.#dependencies.metrics.frame()
    this.#transport.dispatch(event, sequence)
  }

  /** Resolves at once while little is buffered, so that an ordinary client never waits. */
  async #drained(): Promise<void> {
    if (this.#transport.buffered >= BURST_PAUSE_BYTES) await this.#transport.drained()
  }

  /**
   * Back-pressure ends here. The gateway cannot slow an event down for one reader without delaying
   * the others, and it cannot buffer without limit. So it drops the reader.
   */
  #dropSlowReader(buffered: number): void {
    if (this.#state === 'closed') return
    const { metrics, runtime } = this.#dependencies
    metrics.slow()
    runtime.log.info({ waiting: buffered }, 'dropped a gateway socket that reads too slowly')
    this.#end()
    this.#socket.terminate()
  }

  /**
   * Counts a frame, and closes the connection if it is one too many. Control frames count as well,
   * also after a close. Reading then stops, so that TCP holds the rest of the flood back.
   */
  #closeIfFlooding(): boolean {
    if (!this.#exceedsRate()) return false
    this.close(CloseCode.RateLimited)
    stopReading(this.#socket)
    return true
  }

  #receive(bytes: Buffer): void {
    if (this.#closeIfFlooding() || this.#state === 'closed') return
    const closeCode = this.#handle(bytes)
    if (closeCode !== undefined) this.close(closeCode)
  }

  /** Answers pings here, since ws would answer any number, also of a client that reads nothing. */
  #receivePing(data: Buffer): void {
    if (this.#closeIfFlooding() || this.#state === 'closed') return
    this.#transport.flush()
    this.#socket.pong(data)
  }

  /** Answers a frame, or queues it. Returns a code if it ends the connection. */
  #handle(bytes: Buffer): CloseCode | undefined {
    const frame = readFrame(bytes)
    if ('refused' in frame) return frame.refused
    switch (frame.op) {
      case Op.Heartbeat:
        this.#heartbeatTimer.refresh()
        if (typeof frame.d === 'number') this.#session?.acknowledge(frame.d)
        this.#sendControl(Op.HeartbeatAck, null)
        return undefined
      case Op.Identify:
        return this.#identify(frame.d)
      case Op.Resume:
        return this.#resume(frame.d)
      default:
        return this.#command(frame.op, frame.d)
    }
  }

  #identify(d: unknown): CloseCode | undefined {
    if (this.#state !== 'hello') return CloseCode.AlreadyAuthenticated
    const { tokens, runtime, admit } = this.#dependencies
    const request = readIdentify(d, tokens)
    if ('refused' in request) return request.refused
    this.#compressPayloads(request.compress)
    this.#state = 'identifying'
    clearTimeout(this.#identifyTimer)
    const start = async (): Promise<void> => {
      // The client may have gone while the others identified.
      if (this.#state !== 'identifying') return
      const { url: resumeUrl, version } = this.#address
      const id = runtime.random(16).toString('hex')
      const presence = completeActivities(request.presence, runtime.clock)
      const identity = { ...request, presence, id, version, resumeUrl }
      const session = new Session(this.#dependencies, identity, this.#link())
      this.#begin(session)
      const started = await session.start().catch((error: unknown) => {
        session.end()
        throw error
      })
      if (started) return
      this.close(CloseCode.AuthenticationFailed)
      session.end()
    }
    this.#enqueue('gateway.identify', () => admit('identify', start))
    return undefined
  }

  #resume(d: unknown): CloseCode | undefined {
    if (this.#state !== 'hello') return CloseCode.AlreadyAuthenticated
    const request = readResume(d, this.#dependencies.tokens)
    if ('refused' in request) return request.refused
    this.#enqueue('gateway.resume', async () => {
      const find = async () =>
        this.#state === 'hello' ? findSession(this.#dependencies, request) : undefined
      const session = await this.#dependencies.admit('resume', find)
      // The client may have closed the connection meanwhile, or have identified on it.
      if (this.#state !== 'hello') return
      const outcome = session?.resume(request.sequence, () => {
        clearTimeout(this.#identifyTimer)
        this.#compressPayloads(session.compress)
        this.#begin(session)
        return this.#link()
      })
      if (outcome === 'bad-sequence') this.close(CloseCode.InvalidSeq)
      else if (outcome !== 'resumed') this.#sendControl(Op.InvalidSession, false)
    })
    return undefined
  }

  #begin(session: Session): void {
    this.#session = session
    this.#state = 'ready'
  }

  #link(): ClientLink {
    return {
      send: (event, sequence) => this.#dispatch(event, sequence),
      drained: () => this.#drained(),
      close: () => {
        this.#session = undefined
        this.close(CloseCode.UnknownError)
      },
    }
  }

  /** `compress` in IDENTIFY adds nothing to a compressed stream, which the URL asks for. */
  #compressPayloads(compressed: boolean): void {
    if (compressed && !isStreamCompression(this.#address.compress))
      this.#transport = this.#dependencies.createTransport(this.#outbound, { compressed })
  }

  #command(op: number, d: unknown): CloseCode | undefined {
    if (this.#state === 'hello') return CloseCode.NotAuthenticated
    const command = readSessionCommand(op, d)
    if (typeof command !== 'function') return command
    this.#enqueue(`gateway.op${op}`, async () => {
      if (this.#session && this.#state === 'ready') await command(this.#session)
    })
    return undefined
  }

  /**
   * Runs a command after the earlier ones of this connection. If one fails, the connection closes
   * with 4000. Clients reconnect after that code, and the store may be available by then.
   */
  #enqueue(action: string, work: () => Promise<void>): void {
    const { telemetry, log } = this.#dependencies.runtime
    this.#lastCommand = this.#lastCommand
      .then(() => (this.#state === 'closed' ? undefined : telemetry.action(action, {}, work)))
      .catch((error: unknown) => {
        if (hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED'))
          log.warn({ err: messageOf(error), action }, 'a gateway command failed')
        else log.error({ err: error, action }, 'a gateway command failed')
        this.close(CloseCode.UnknownError)
      })
  }

  #afterClose(code: number): void {
    this.#dependencies.metrics.closed(code)
    if (code === NORMAL || code === GOING_AWAY) this.#session?.end()
    this.#end()
    this.#transport.close()
  }

  /** Runs when either side closes, and again when the socket is closed. */
  #end(): void {
    this.#heartbeatTimer.clear()
    clearTimeout(this.#identifyTimer)
    this.#state = 'closed'
    this.#session?.disconnect()
    this.#session = undefined
  }
}
