import type { GatewayDispatchPayload } from 'discord-api-types/v10'
import WebSocket from 'ws'
import { type Compression, createInflater } from './compression.ts'
import { expectTrue, format } from './expect.ts'
import type { Transcript } from './transcript.ts'
import { Signal, waitUntil } from './wait.ts'

/** Every dispatch by its name, as Discord types it. */
type Documented = { [P in GatewayDispatchPayload as `${P['t']}`]: P['d'] }
export type Dispatches = Omit<Documented, 'READY' | 'RESUMED'> & { READY: Ready; RESUMED: object }
export type DispatchName = keyof Dispatches & string

/** READY as this contract has it: `private_channels` is older than Discord's types. */
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
  /** The text as sent: JavaScript reads an integer beyond 2^53 as a neighbouring one. */
  readonly text: string
}

export interface SocketOptions {
  readonly query?: string
  /** The whole address, as it is. */
  readonly exactUrl?: string
  readonly compression?: Compression
  /** Off: the test heartbeats, or stays silent. */
  readonly heartbeat?: boolean
}

/**
 * How long anything that should happen may take. Long for a busy machine, since only a failure
 * waits it out.
 */
export const TIMEOUT_MS = 30_000

/**
 * One gateway connection, frame by frame. What arrives is kept; a case takes out what it waits for.
 */
export class Socket {
  readonly frames: Frame[] = []
  /** Whether each message came as binary. */
  readonly binary: boolean[] = []
  readonly #taken = new Set<Frame>()
  readonly #who: string
  readonly #journal: Transcript
  readonly #socket: WebSocket
  readonly #waiters = new Signal()
  readonly #heartbeat: boolean
  #timer: NodeJS.Timeout | undefined
  #closed: { code: number; reason: string } | undefined
  #failure: string | undefined

  constructor(url: string, who: string, journal: Transcript, options: SocketOptions = {}) {
    this.#who = who
    this.#journal = journal
    this.#heartbeat = options.heartbeat ?? true
    this.#socket = new WebSocket(
      options.exactUrl ?? `${url.replace(/\/+$/, '')}/${options.query ?? '?v=10&encoding=json'}`,
    )
    const inflate = createInflater(options.compression)
    let reading: Promise<void> = Promise.resolve()
    this.#socket.on('message', (data, isBinary) => {
      this.binary.push(isBinary)
      // One after the other: a stream's payloads depend on those before them.
      reading = reading
        .then(async () => this.#receive(isBinary ? await inflate(data as Buffer) : String(data)))
        .catch(this.#fail)
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', (code, reason) => {
      clearInterval(this.#timer)
      void reading.then(() => {
        this.#closed = { code, reason: String(reason) }
        this.#note(`✕ closed with ${code} ${reason}`)
        this.#waiters.notify()
      })
    })
  }

  get isOpen(): boolean {
    return this.#closed === undefined && this.#socket.readyState === WebSocket.OPEN
  }

  /** The last sequence number seen. */
  get sequence(): number | null {
    return this.frames.findLast((frame) => frame.s !== null)?.s ?? null
  }

  send(op: number, d: unknown): void {
    this.sendRaw(JSON.stringify({ op, d }))
  }

  sendRaw(data: string | Uint8Array): void {
    this.#note(`→ ${typeof data === 'string' ? data : `(${data.length} bytes)`}`)
    this.#socket.send(data)
  }

  /** A frame that says nothing: a control frame, or a piece of a text that has no end. */
  sendControlFrame(kind: 'ping' | 'pong' | 'fragment'): void {
    if (kind === 'fragment') this.#socket.send('', { fin: false })
    else this.#socket[kind]()
  }

  close(code?: number): void {
    this.#note(`→ close ${code ?? ''}`)
    this.#socket.close(code)
  }

  /** Cuts the connection without a word, as a network does. */
  terminate(): void {
    clearInterval(this.#timer)
    this.#socket.terminate()
  }

  /** The oldest frame with this opcode that was not taken yet. */
  nextFrame(op: number): Promise<Frame> {
    return this.#take(`a frame with op ${op}`, (frame) => frame.op === op)
  }

  /** The oldest dispatch of this name, not taken yet, that satisfies the predicate. */
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

  /** All dispatches of this name so far, in order, taken or not. */
  received<N extends DispatchName>(
    name: N,
    predicate: (d: Dispatches[N]) => boolean = () => true,
  ): Dispatches[N][] {
    return this.frames
      .filter((each) => each.t === name)
      .flatMap((each) => (predicate(each.d as Dispatches[N]) ? [each.d as Dispatches[N]] : []))
  }

  /** Waits for the server to end the connection. */
  async waitForClose(patienceMs = TIMEOUT_MS): Promise<{ code: number; reason: string }> {
    await waitUntil(
      this.#waiters,
      () => this.#closed !== undefined,
      patienceMs,
      () => this.#unmet('the server closes the connection'),
    )
    return this.#closed!
  }

  /** Any condition on what has arrived. */
  async waitFor(what: string, condition: () => boolean, patienceMs = TIMEOUT_MS): Promise<void> {
    await waitUntil(
      this.#waiters,
      () => condition() || this.#over,
      patienceMs,
      () => this.#unmet(what),
    )
    if (!condition()) throw new Error(this.#unmet(what))
  }

  async #take(what: string, matches: (frame: Frame) => boolean): Promise<Frame> {
    let found: Frame | undefined
    await this.waitFor(what, () => {
      found ??= this.frames.find((frame) => !this.#taken.has(frame) && matches(frame))
      return found !== undefined
    })
    this.#taken.add(found!)
    return found!
  }

  #receive(text: string): void {
    const frame: Frame = { ...JSON.parse(text), text }
    this.frames.push(frame)
    // The pulse of a connection is no news, unless the case is about it.
    if (frame.op !== 11 || !this.#heartbeat) this.#note(`← ${text}`)
    if (frame.op === 10 && this.#heartbeat)
      this.#beat((frame.d as { heartbeat_interval: number }).heartbeat_interval)
    if (frame.op === 1 && this.#heartbeat) this.send(1, this.sequence)
    this.#waiters.notify()
  }

  #beat(everyMs: number): void {
    this.#timer = setInterval(() => {
      if (this.#socket.readyState === WebSocket.OPEN)
        this.#socket.send(JSON.stringify({ op: 1, d: this.sequence }))
    }, everyMs)
  }

  get #over(): boolean {
    return this.#closed !== undefined || this.#failure !== undefined
  }

  #fail = (error: unknown): void => {
    this.#failure ??= (error as Error).message
    this.#note(`✕ ${this.#failure}`)
    this.#waiters.notify()
  }

  #unmet(what: string): string {
    const end = this.#closed
      ? `the connection was closed with ${this.#closed.code} ${this.#closed.reason}`
      : this.#failure
    return `${this.#who} waited for ${what}; ${end ?? `it did not come. Came: ${format(this.frames.map((f) => f.t ?? `op ${f.op}`))}`}`
  }

  #note(text: string): void {
    this.#journal.record(this.#who, text)
  }
}

/**
 * `s` counts a session's dispatches from 1 without a gap. Checked on every socket of every case.
 */
export function expectContiguous(frames: readonly Frame[], first = 1): void {
  const numbers = frames.filter((frame) => frame.op === 0).map((frame) => frame.s)
  expectTrue(
    numbers.every((s, i) => s === first + i),
    `s is contiguous from ${first}`,
    numbers,
  )
}
