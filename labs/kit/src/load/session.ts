import { Intent, Op } from '@threshold/contract'
import { CodedError } from '@threshold/kit'
import WebSocket from 'ws'
import type { GatewayAddresses } from './gateway-addresses.ts'
import { type Random, randomBelow } from './random.ts'

export interface SessionOptions {
  readonly gateways: GatewayAddresses
  readonly token: string
  readonly guildId: string
  readonly reconnect: boolean
  readonly random: Random
  /** Called with the nonce of every MESSAGE_CREATE. */
  onMessage(nonce: string): void
  /** Called with every event, before anything else is done with it. */
  onDispatch?(type: string, sequence: number, data: unknown): void
  onDrop(): void
  onReturn(): void
}

/** Presences and typing are left out: most bots do without them, and they would cost every lab. */
const INTENTS = Intent.Guilds | Intent.GuildMessages | Intent.MessageContent
const READY_TIMEOUT_MS = 30_000
const MAX_OPEN_ATTEMPTS = 4
/**
 * Maximum pause before a reconnection. Client libraries choose it at random so that not all
 * reconnect at once. Discord asks for 1 to 5 s.
 */
const MAX_RECONNECT_PAUSE_MS = 1_000

/** One member's gateway session. Like a client library, it sends heartbeats and can reconnect. */
export class GatewaySession {
  readonly #options: SessionOptions
  #socket: WebSocket | undefined
  #beat: NodeJS.Timeout | undefined
  #sequence: number | null = null
  #sessionId: string | undefined
  /** From READY. A session resumes at its gateway, without a request to REST. */
  #resumeUrl: string | undefined
  #closed = false
  #opened = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  /**
   * Resolves once the guild was received. The stage must deliver the guild's messages to this
   * socket from then on. Connecting is not measured, so it is retried as a client library would.
   */
  async open(): Promise<void> {
    for (let attempt = 1; !this.#opened; attempt++) {
      try {
        await this.#connect()
        this.#opened = true
      } catch (error) {
        if (attempt === MAX_OPEN_ATTEMPTS) throw error
        this.#sessionId = undefined
        await this.#pause()
      }
    }
  }

  close(): void {
    this.#closed = true
    clearInterval(this.#beat)
    this.#socket?.close(1_000)
  }

  /** Loses the connection without a word, as in an elevator. */
  cut(): void {
    this.#socket?.terminate()
  }

  async #connect(): Promise<void> {
    const { gateways } = this.#options
    const url = this.#resumeUrl ?? (await gateways.next())
    try {
      await this.#connectTo(url)
    } catch (error) {
      this.#resumeUrl = undefined
      gateways.failed()
      throw error
    }
  }

  #connectTo(url: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${url}/?v=10&encoding=json`, { perMessageDeflate: false })
      this.#socket = socket
      let ready = false
      const timer = setTimeout(() => socket.terminate(), READY_TIMEOUT_MS)
      socket.on('message', (data) => {
        if (this.#read(socket, data.toString()) !== 'guild received' || ready) return
        ready = true
        clearTimeout(timer)
        resolve()
      })
      socket.on('error', () => {}) // the 'close' event that follows handles it
      socket.on('close', (code) => {
        clearTimeout(timer)
        clearInterval(this.#beat)
        if (!ready)
          reject(
            new CodedError(
              'NO_SESSION',
              `a gateway socket closed with ${code} before it received its guild`,
            ),
          )
        else if (!this.#closed && this.#opened) void this.#dropped()
      })
    })
  }

  async #dropped(): Promise<void> {
    this.#options.onDrop()
    while (this.#options.reconnect && !this.#closed) {
      await this.#pause()
      try {
        await this.#connect()
        return this.#options.onReturn()
      } catch {
        // The stage is not up yet. Like a client library, the session keeps trying.
      }
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) =>
      setTimeout(resolve, randomBelow(this.#options.random, MAX_RECONNECT_PAUSE_MS)),
    )
  }

  #read(socket: WebSocket, text: string): 'guild received' | undefined {
    const { op, t, s, d } = JSON.parse(text) as {
      op: number
      t: string | null
      s: number | null
      d: unknown
    }
    if (op === Op.Dispatch) {
      this.#sequence = s
      this.#options.onDispatch?.(t!, s!, d)
      return this.#dispatch(t, d)
    }
    if (op === Op.Hello)
      this.#onHello(socket, (d as { heartbeat_interval: number }).heartbeat_interval)
    else if (op === Op.InvalidSession) this.#identify(socket)
    else if (op === Op.Reconnect) socket.close(4_200)
    else if (op === Op.Heartbeat) this.#heartbeat(socket)
    return undefined
  }

  #dispatch(type: string | null, data: unknown): 'guild received' | undefined {
    if (type === 'MESSAGE_CREATE') {
      const { nonce } = data as { nonce?: string }
      if (nonce !== undefined) this.#options.onMessage(nonce)
    } else if (type === 'READY') {
      const ready = data as { session_id: string; resume_gateway_url: string }
      this.#sessionId = ready.session_id
      this.#resumeUrl = ready.resume_gateway_url
    } else if (type === 'RESUMED') {
      return 'guild received'
    } else if (type === 'GUILD_CREATE' && (data as { id: string }).id === this.#options.guildId) {
      return 'guild received'
    }
    return undefined
  }

  #onHello(socket: WebSocket, intervalMs: number): void {
    // The first heartbeat is due after a random part of the interval, so that the heartbeats of all
    // sockets spread out.
    const first = randomBelow(this.#options.random, intervalMs)
    const start = setTimeout(() => {
      this.#heartbeat(socket)
      this.#beat = setInterval(() => this.#heartbeat(socket), intervalMs).unref()
    }, first).unref()
    socket.once('close', () => clearTimeout(start))
    if (this.#sessionId === undefined) this.#identify(socket)
    else this.#resume(socket, this.#sessionId)
  }

  #resume(socket: WebSocket, sessionId: string): void {
    socket.send(
      JSON.stringify({
        op: Op.Resume,
        d: { token: this.#options.token, session_id: sessionId, seq: this.#sequence ?? 0 },
      }),
    )
  }

  #identify(socket: WebSocket): void {
    this.#sessionId = undefined
    const properties = { os: 'linux', browser: 'threshold', device: 'threshold' }
    socket.send(
      JSON.stringify({
        op: Op.Identify,
        d: { token: this.#options.token, intents: INTENTS, properties },
      }),
    )
  }

  #heartbeat(socket: WebSocket): void {
    if (socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify({ op: Op.Heartbeat, d: this.#sequence }))
  }
}
