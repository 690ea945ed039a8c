import type { GatewayDispatchPayload } from 'discord-api-types/v10'
import WebSocket from 'ws'
import { type Compression, createInflater } from './compression.ts'
import { expectTrue, format } from './expect.ts'
import type { Transcript } from './transcript.ts'
import { Signal, waitUntil } from './wait.ts'

type DocumentedDispatches = { [P in GatewayDispatchPayload as `${P['t']}`]: P['d'] }
/** The data of every dispatch by its name. READY and RESUMED differ from Discord's types. */
export type Dispatches = Omit<DocumentedDispatches, 'READY' | 'RESUMED'> & {
  READY: Ready
  RESUMED: object
}
export type DispatchName = keyof Dispatches & string

/** READY in this contract. Discord's types have dropped `private_channels`. */
export interface Ready {
  readonly v: number
  readonly user: { readonly id: string; readonly username: string }
  readonly guilds: readonly { readonly id: string; readonly unavailable: boolean }[]
  readonly session_id: string
  readonly resume_gateway_url: string
  readonly application: { readonly id: string; readonly flags: number }
  readonly private_channels: readonly { readonly id: string }[]
  readonly shard?: readonly [number, number]
}

export interface Frame {
  readonly op: number
  readonly d: unknown
  readonly s: number | null
  readonly t: string | null
  /** The text as received. Parsing rounds integers beyond 2^53. */
  readonly text: string
}

export interface SocketOptions {
  readonly query?: string
  /** The whole address, used unchanged. */
  readonly exactUrl?: string
  readonly compression?: Compression
  /** Send heartbeats automatically; true by default. */
  readonly heartbeat?: boolean
}

/** How long an expected event may take. Generous, since only a failing case waits that long. */
export const TIMEOUT_MS = 30_000

/**
 * One gateway connection. It keeps every frame that arrives. `nextFrame` and `nextEvent` wait for a
 * frame and take it, so that each frame is returned once.
 */
export class Socket {
  readonly frames: Frame[] = []
  /** Whether each message was binary, in order. */
  readonly binary: boolean[] = []
  readonly #taken = new Set<Frame>()
  readonly #label: string
  readonly #transcript: Transcript
  readonly #socket: WebSocket
  readonly #changed = new Signal()
  readonly #heartbeat: boolean
  #timer: NodeJS.Timeout | undefined
  #closed: { code: number; reason: string } | undefined
  #failure: string | undefined

  constructor(url: string, label: string, transcript: Transcript, options: SocketOptions = {}) {
    this.#label = label
    this.#transcript = transcript
    this.#heartbeat = options.heartbeat ?? true
    this.#socket = new WebSocket(
      options.exactUrl ?? `${url.replace(/\/+$/, '')}/${options.query ?? '?v=10&encoding=json'}`,
    )
    const inflate = createInflater(options.compression)
    let reading: Promise<void> = Promise.resolve()
    this.#socket.on('message', (data, isBinary) => {
      this.binary.push(isBinary)
      // Messages are read in order, since a compressed stream's payloads depend on earlier ones.
      reading = reading
        .then(async () => this.#receive(isBinary ? await inflate(data as Buffer) : String(data)))
        .catch(this.#fail)
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', (code, reason) => {
      clearInterval(this.#timer)
      void reading.then(() => {
        this.#closed = { code, reason: String(reason) }
        this.#record(`✕ closed with ${code} ${reason}`)
        this.#changed.notify()
      })
    })
  }

  get isOpen(): boolean {
    return this.#closed === undefined && this.#socket.readyState === WebSocket.OPEN
  }

  /** The last sequence number received. */
  get sequence(): number | null {
    return this.frames.findLast((frame) => frame.s !== null)?.s ?? null
  }

  send(op: number, d: unknown): void {
    this.sendRaw(JSON.stringify({ op, d }))
  }

  sendRaw(data: string | Uint8Array): void {
    this.#record(`→ ${typeof data === 'string' ? data : `(${data.length} bytes)`}`)
    this.#socket.send(data)
  }

  /** Sends a WebSocket control frame, or an empty fragment of a message that never ends. */
  sendControlFrame(kind: 'ping' | 'pong' | 'fragment'): void {
    if (kind === 'fragment') this.#socket.send('', { fin: false })
    else this.#socket[kind]()
  }

  close(code?: number): void {
    this.#record(`→ close ${code ?? ''}`)
    this.#socket.close(code)
  }

  /** Ends the connection without a close frame, as a broken network does. */
  terminate(): void {
    clearInterval(this.#timer)
    this.#socket.terminate()
  }

  /** Waits for the oldest frame with this opcode that was not taken yet, and takes it. */
  nextFrame(op: number): Promise<Frame> {
    return this.#take(`a frame with op ${op}`, (frame) => frame.op === op)
  }

  /** Waits for the oldest matching dispatch that was not taken yet, and takes it. */
  async nextEvent<N extends DispatchName>(
    name: N,
    predicate: (d: Dispatches[N]) => boolean = () => true,
  ): Promise<Dispatches[N]> {
    const frame = await this.#take(
      name,
      (each) => each.t === name && predicate(each.d as Dispatches[N]),
    )
    return frame.d as Dispatches[N]
  }

  /** Every matching dispatch so far, in order, taken or not. */
  received<N extends DispatchName>(
    name: N,
    predicate: (d: Dispatches[N]) => boolean = () => true,
  ): Dispatches[N][] {
    return this.frames
      .filter((each) => each.t === name)
      .flatMap((each) => (predicate(each.d as Dispatches[N]) ? [each.d as Dispatches[N]] : []))
  }

  /** Waits for the server to end the connection. */
  async waitForClose(timeoutMs = TIMEOUT_MS): Promise<{ code: number; reason: string }> {
    await waitUntil(
      this.#changed,
      () => this.#closed !== undefined,
      timeoutMs,
      () => this.#timeoutMessage('the server closes the connection'),
    )
    return this.#closed!
  }

  /** Waits until the condition is true. Rejects at the timeout or when the connection ends. */
  async waitFor(subject: string, condition: () => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
    await waitUntil(
      this.#changed,
      () => condition() || this.#ended,
      timeoutMs,
      () => this.#timeoutMessage(subject),
    )
    if (!condition()) throw new Error(this.#timeoutMessage(subject))
  }

  async #take(subject: string, matches: (frame: Frame) => boolean): Promise<Frame> {
    let found: Frame | undefined
    await this.waitFor(subject, () => {
      found ??= this.frames.find((frame) => !this.#taken.has(frame) && matches(frame))
      return found !== undefined
    })
    this.#taken.add(found!)
    return found!
  }

  #receive(text: string): void {
    const frame: Frame = { ...JSON.parse(text), text }
    this.frames.push(frame)
    // Acknowledged heartbeats would crowd the transcript. A case that sends its own sees them.
    if (frame.op !== 11 || !this.#heartbeat) this.#record(`← ${text}`)
    if (frame.op === 10 && this.#heartbeat)
      this.#startHeartbeat((frame.d as { heartbeat_interval: number }).heartbeat_interval)
    if (frame.op === 1 && this.#heartbeat) this.send(1, this.sequence)
    this.#changed.notify()
  }

  #startHeartbeat(intervalMs: number): void {
    this.#timer = setInterval(() => {
      if (this.#socket.readyState === WebSocket.OPEN)
        this.#socket.send(JSON.stringify({ op: 1, d: this.sequence }))
    }, intervalMs)
  }

  get #ended(): boolean {
    return this.#closed !== undefined || this.#failure !== undefined
  }

  #fail = (error: unknown): void => {
    this.#failure ??= (error as Error).message
    this.#record(`✕ ${this.#failure}`)
    this.#changed.notify()
  }

  #timeoutMessage(subject: string): string {
    const end = this.#closed
      ? `the connection was closed with ${this.#closed.code} ${this.#closed.reason}`
      : this.#failure
    const names = format(this.frames.map((frame) => frame.t ?? `op ${frame.op}`))
    return `${this.#label} waited for ${subject}; ${end ?? `it did not come. Received: ${names}`}`
  }

  #record(text: string): void {
    this.#transcript.record(this.#label, text)
  }
}

/** Expects that `s` counts the dispatches from `first` without a gap. */
export function expectContiguous(frames: readonly Frame[], first = 1): void {
  const numbers = frames.filter((frame) => frame.op === 0).map((frame) => frame.s)
  expectTrue(
    numbers.every((s, i) => s === first + i),
    `s is contiguous from ${first}`,
    numbers,
  )
}
