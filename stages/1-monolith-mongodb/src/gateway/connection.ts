import type { Socket } from 'node:net'
import {
  CLIENT_OPS,
  CloseCode,
  gatewayInput,
  Op,
  parseJson,
  type Tokens,
} from '@threshold/contract'
import { deadlineAfter, hasCode, messageOf } from '@threshold/kit'
import type { SessionRegistry } from '@threshold/ports'
import type { RawData, WebSocket } from 'ws'
import type { z } from 'zod'
import { type SilenceTimer, silenceTimer } from '../http/silence-timer.ts'
import { stopReading } from '../http/websockets.ts'
import type { Dispatch } from './dispatch.ts'
import {
  CLOSE_REASONS,
  type ConnectionLimits,
  floodGate,
  MAX_PAYLOAD_BYTES,
  readIdentify,
} from './protocol.ts'
import { Session, type SessionDependencies } from './session.ts'
import {
  BatchedTransport,
  LOW_WATER_MARK,
  type OutboundSocket,
  type Transport,
} from './transport.batched.ts'
import { compressedTransport, isStreamCompression } from './transport.compressed.ts'

export interface ConnectionDependencies extends SessionDependencies {
  readonly tokens: Tokens
  readonly sessions: SessionRegistry
  readonly limits: ConnectionLimits
  /** Runs so many identifies at a time; the others wait their turn. */
  readonly limitIdentify: <T>(work: () => Promise<T>) => Promise<T>
  readonly metrics: { frame(): void; slow(): void; closed(code: number): void }
}

type State = 'hello' | 'identifying' | 'ready' | 'closed'

/**
 * One socket: opcodes, heartbeats, limits. What it sends can end itself and nothing else. Frames
 * are handled one after the other, except heartbeats, which are answered at once: a client whose
 * IDENTIFY waits for a database is not a dead one.
 */
export class Connection {
  readonly #socket: WebSocket
  readonly #line: OutboundSocket
  readonly #parts: ConnectionDependencies
  readonly #url: string
  readonly #version: number
  /** The whole connection is one compressed stream, as its URL asked. */
  readonly #streams: boolean
  readonly #silence: SilenceTimer
  readonly #nameless: NodeJS.Timeout
  #transport: Transport
  #state: State = 'hello'
  #session: Session | undefined
  #work: Promise<void> = Promise.resolve()
  readonly #flooding: () => boolean

  constructor(
    socket: WebSocket,
    raw: Socket,
    parts: ConnectionDependencies,
    address: { url: string; version: number; compress: string | undefined },
  ) {
    this.#socket = socket
    this.#flooding = floodGate(parts.limits, parts.runtime.clock)
    this.#parts = parts
    this.#url = address.url
    this.#version = address.version
    const { compress } = address
    this.#streams = isStreamCompression(compress)
    this.#line = {
      socket,
      tcp: raw,
      maxBuffered: parts.limits.maxBuffered,
      onTooSlow: (waiting) => this.#dropped(waiting),
    }
    this.#transport = isStreamCompression(compress)
      ? compressedTransport(this.#line, compress)
      : new BatchedTransport(this.#line)
    const { heartbeatMs, identifyWithinMs } = parts.limits
    this.#silence = silenceTimer(heartbeatMs * 2, () => this.close(CloseCode.SessionTimedOut))
    this.#nameless = setTimeout(() => this.close(CloseCode.SessionTimedOut), identifyWithinMs)
    socket.on('message', (data) => this.#receive(data))
    socket.on('ping', (data) => this.#pinged(data))
    socket.on('pong', () => this.#flooded())
    socket.on('error', (error) =>
      parts.runtime.log.debug({ err: messageOf(error) }, 'gateway socket'),
    )
    socket.on('close', (code) => this.#gone(code))
  }

  hello(): void {
    this.#control(Op.Hello, { heartbeat_interval: this.#parts.limits.heartbeatMs, _trace: [] })
  }

  /** Closes with a code of ours; the peer's close then ends the session. */
  close(code: number): void {
    if (this.#state === 'closed') return
    this.#leave()
    this.#transport.flush()
    this.#socket.close(code, CLOSE_REASONS[code] ?? '')
  }

  /** Asks the client to come back elsewhere, or later: what a restart says to everybody. */
  reconnect(): void {
    this.#control(Op.Reconnect, null)
    this.close(1_012)
  }

  #control(op: Op, d: unknown): void {
    if (this.#state === 'closed') return
    this.#parts.metrics.frame()
    this.#transport.send(Buffer.from(JSON.stringify({ t: null, s: null, op, d })))
  }

  #dispatch(event: Dispatch, sequence: number): void {
    if (this.#state === 'closed') return
    this.#parts.metrics.frame()
    this.#transport.dispatch(event, sequence)
  }

  /** Who leaves too much unread is dropped: one reader must not fill the server's memory. */
  #dropped(waiting: number): void {
    if (this.#state === 'closed') return
    this.#parts.metrics.slow()
    this.#parts.runtime.log.info({ waiting }, 'a gateway socket reads too slowly and is dropped')
    this.#leave()
    this.#socket.terminate()
  }

  /** Waits until little is left to send. */
  #drained = async (): Promise<void> =>
    this.#transport.buffered < LOW_WATER_MARK ? undefined : this.#transport.drained()

  /**
   * Each frame counts, a control frame too, and after a close as well. One too many ends the
   * connection, and the reading.
   */
  #flooded(): boolean {
    if (!this.#flooding()) return false
    this.close(CloseCode.RateLimited)
    stopReading(this.#socket)
    return true
  }

  #receive(data: RawData): void {
    if (this.#flooded() || this.#state === 'closed') return
    const refused = this.#handle(data as Buffer)
    if (refused !== undefined) this.close(refused)
  }

  /** ws alone would answer any number of pings, also to a client that never reads the answers. */
  #pinged(data: Buffer): void {
    if (this.#flooded() || this.#state === 'closed') return
    this.#transport.flush()
    this.#socket.pong(data)
  }

  /** Answers a frame or queues it, or says why it ends the connection. */
  #handle(bytes: Buffer): CloseCode | undefined {
    if (bytes.length > MAX_PAYLOAD_BYTES) return CloseCode.DecodeError
    const json = parseJson(bytes)
    const frame = json.ok ? gatewayInput.frame.safeParse(json.value) : undefined
    if (!frame?.success) return CloseCode.DecodeError
    const { op, d } = frame.data
    if (!CLIENT_OPS.has(op)) return CloseCode.UnknownOpcode
    switch (op) {
      case Op.Heartbeat:
        this.#silence.refresh()
        this.#control(Op.HeartbeatAck, null)
        return undefined
      case Op.Identify:
        return this.#identify(d)
      case Op.Resume:
        return this.#resume(d)
      default:
        return this.#command(op, d)
    }
  }

  #identify(d: unknown): CloseCode | undefined {
    if (this.#state !== 'hello') return CloseCode.AlreadyAuthenticated
    const asked = readIdentify(d, this.#parts.tokens)
    if ('refused' in asked) return asked.refused
    const { compress, userId, ...wishes } = asked
    // With a stream in the URL the wish is met already.
    if (compress && !this.#streams)
      this.#transport = new BatchedTransport(this.#line, { compressed: true })
    this.#state = 'identifying'
    clearTimeout(this.#nameless)
    this.#do('gateway.identify', () =>
      this.#parts.limitIdentify(async () => {
        const { clock, random } = this.#parts.runtime
        const [user] = await this.#parts.metadata.users([userId], deadlineAfter(5_000, clock))
        if (!user) return this.close(CloseCode.AuthenticationFailed)
        if (this.#state === 'closed') return
        this.#session = new Session(
          this.#parts,
          {
            ...wishes,
            id: random(16).toString('hex'),
            user,
            version: this.#version,
            resumeUrl: this.#url,
          },
          { send: (event, sequence) => this.#dispatch(event, sequence), drained: this.#drained },
        )
        this.#state = 'ready'
        await this.#session.start()
      }),
    )
    return undefined
  }

  #resume(d: unknown): CloseCode | undefined {
    if (this.#state !== 'hello') return CloseCode.AlreadyAuthenticated
    const form = gatewayInput.resume.safeParse(d)
    if (!form.success) return CloseCode.DecodeError
    if (form.data.seq !== null && form.data.seq < 0) return CloseCode.InvalidSeq
    const userId = this.#parts.tokens.verify(form.data.token)
    if (userId === undefined) return CloseCode.AuthenticationFailed
    const { session_id: sessionId, seq } = form.data
    this.#do('gateway.resume', async () => {
      const resumption = await this.#parts.sessions.resume(
        { sessionId, userId, sequence: seq ?? 0 },
        deadlineAfter(5_000, this.#parts.runtime.clock),
      )
      if (resumption.kind === 'bad-sequence') this.close(CloseCode.InvalidSeq)
      else if (resumption.kind === 'refused') this.#control(Op.InvalidSession, false)
    })
    return undefined
  }

  #command(op: number, d: unknown): CloseCode | undefined {
    if (this.#state === 'hello') return CloseCode.NotAuthenticated
    const checked = <T extends z.ZodType>(
      schema: T,
      work: (session: Session, data: z.output<T>) => Promise<void>,
    ): CloseCode | undefined => {
      const form = schema.safeParse(d)
      if (!form.success) return CloseCode.DecodeError
      this.#do(`gateway.op${op}`, async () => {
        if (this.#session && this.#state === 'ready') await work(this.#session, form.data)
      })
      return undefined
    }
    switch (op) {
      case Op.PresenceUpdate:
        return checked(gatewayInput.presence, async (session, presence) =>
          session.setPresence(presence),
        )
      case Op.VoiceStateUpdate:
        return checked(gatewayInput.voiceStateUpdate, (session, v) =>
          session.moveVoice({
            guildId: v.guild_id,
            channelId: v.channel_id,
            selfMute: v.self_mute ?? false,
            selfDeaf: v.self_deaf ?? false,
          }),
        )
      default:
        return checked(gatewayInput.requestMembers, (session, ask) => session.requestMembers(ask))
    }
  }

  /**
   * One after the other. A store that is away ends the connection with a code after which clients
   * come back by themselves.
   */
  #do(action: string, work: () => Promise<void>): void {
    const { telemetry, log } = this.#parts.runtime
    this.#work = this.#work
      .then(() => (this.#state === 'closed' ? undefined : telemetry.action(action, {}, work)))
      .catch((error: unknown) => {
        const known = hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED')
        log[known ? 'warn' : 'error'](
          { err: known ? messageOf(error) : error, action },
          'a gateway command failed',
        )
        this.close(CloseCode.UnknownError)
      })
  }

  #gone(code: number): void {
    this.#parts.metrics.closed(code)
    this.#leave()
    this.#transport.close()
  }

  /** Once, whichever side began. */
  #leave(): void {
    this.#silence.clear()
    clearTimeout(this.#nameless)
    this.#state = 'closed'
    this.#session?.end()
    this.#session = undefined
  }
}
