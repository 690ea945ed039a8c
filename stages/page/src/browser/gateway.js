import { backoff } from './backoff.js'

const Op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  requestMembers: 8,
  resume: 6,
  reconnect: 7,
  invalidSession: 9,
  hello: 10,
  ack: 11,
}

/** Guilds, members, voice states, presences, messages, reactions, typing, and what messages say. */
const INTENTS =
  (1 << 0) | (1 << 1) | (1 << 7) | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 15)

/**
 * After these the same Identify would be refused again: authentication, shard, version, intents.
 */
const FATAL = new Set([4004, 4010, 4011, 4012, 4013, 4014])

/** A server that accepts a socket and then says nothing counts as away. */
const HELLO_WITHIN_MS = 10_000

/** Any code but 1000 and 1001 leaves the session alive, so that it may be resumed. */
const CLOSE_TO_RESUME = 4_000

/**
 * A gateway v10 client: heartbeats, notices a dead connection by a missing ack, comes back with
 * growing pauses, and tries to resume. Whether the server kept the session is the server's affair:
 * on a refusal it identifies afresh, and whoever listens is told by READY that everything has to be
 * asked for again.
 *
 * `onState` hears `{phase, attempt?, retryAt?, code?, why?}` with phase connecting, live, waiting,
 * resuming, identifying or refused.
 */
export class Gateway {
  #options
  #socket
  #session // {id, seq}: what a resume needs; undefined before the first READY and after a refusal
  #attempt = 0
  #timers = new Map()
  #acked = true
  #stopped = false

  constructor(options) {
    this.#options = { onDispatch() {}, onState() {}, onFrame() {}, random: Math.random, ...options }
  }

  connect() {
    if (this.#stopped || this.#socket) return
    this.#clear()
    this.#say({ phase: this.#session ? 'resuming' : 'connecting', attempt: this.#attempt })
    const socket = new WebSocket(this.#options.url)
    this.#socket = socket
    // Handlers go with the socket they were made for: what an abandoned one still says is not
    // heard.
    const current = (handle) => (event) => {
      if (socket === this.#socket) handle(event)
    }
    socket.onmessage = current((event) => this.#receive(JSON.parse(event.data)))
    socket.onclose = current((event) => this.#lost(event.code, event.reason))
    this.#after('hello', HELLO_WITHIN_MS, () => this.#abandon('no greeting'))
  }

  /** For good: the session ends with the tab. */
  stop() {
    this.#stopped = true
    this.#clear()
    this.#socket?.close(1000)
    this.#socket = undefined
  }

  retryNow() {
    if (!this.#socket) this.connect()
  }

  send(op, d) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.send(JSON.stringify({ op, d }))
    this.#options.onFrame('out', { op, d })
  }

  #receive(frame) {
    this.#options.onFrame('in', frame)
    if (frame.op === Op.dispatch) return this.#dispatched(frame)
    if (frame.op === Op.hello) return this.#hello(frame.d.heartbeat_interval)
    if (frame.op === Op.heartbeat) return this.#beat()
    if (frame.op === Op.ack) this.#acked = true
    if (frame.op === Op.reconnect) this.#abandon('the server asked for it')
    if (frame.op === Op.invalidSession) this.#invalid(frame.d === true)
  }

  #hello(interval) {
    this.#clear('hello')
    this.#acked = true
    const beat = () => {
      if (!this.#acked) return this.#abandon('no heartbeat ack')
      this.#acked = false
      this.#beat()
      this.#after('beat', interval, beat)
    }
    // The first one at a random moment, as documented: or all who came back at once would beat at
    // once from then on.
    this.#after('beat', interval * this.#options.random(), beat)
    if (this.#session)
      this.send(Op.resume, {
        token: this.#options.token,
        session_id: this.#session.id,
        seq: this.#session.seq,
      })
    else this.#identify()
  }

  #identify() {
    const properties = { os: 'browser', browser: 'threshold-page', device: 'threshold-page' }
    this.send(Op.identify, {
      token: this.#options.token,
      intents: INTENTS,
      properties,
      presence: { status: 'online', activities: [], since: null, afk: false },
    })
  }

  #beat() {
    this.send(Op.heartbeat, this.#session?.seq ?? null)
  }

  #dispatched({ t, s, d }) {
    if (t === 'READY') this.#session = { id: d.session_id, seq: s }
    else if (this.#session) this.#session.seq = s
    if (t === 'READY' || t === 'RESUMED') {
      this.#attempt = 0
      this.#say({ phase: 'live' })
    }
    this.#options.onDispatch(t, d)
  }

  /**
   * The session is gone, the socket is not: after the documented random pause an Identify on it
   * begins a new one.
   */
  #invalid(resumable) {
    const pause = 1_000 + this.#options.random() * 4_000
    if (!resumable) this.#session = undefined
    this.#say({ phase: 'identifying', retryAt: Date.now() + pause, why: 'the session was lost' })
    this.#after('identify', pause, () =>
      resumable ? this.#abandon('the server asked for it') : this.#identify(),
    )
  }

  /** Without waiting for an answer to the close: a dead peer would not give one. */
  #abandon(why) {
    const socket = this.#socket
    this.#lost(CLOSE_TO_RESUME, why)
    socket?.close(CLOSE_TO_RESUME)
  }

  #lost(code, reason) {
    this.#socket = undefined
    this.#clear()
    if (FATAL.has(code)) return this.#say({ phase: 'refused', code, why: `${code} ${reason}` })
    if (code === 4007 || code === 4009) this.#session = undefined // a sequence or a session the server does not know
    const pause = backoff(this.#attempt, this.#options.random)
    this.#attempt += 1
    this.#say({
      phase: 'waiting',
      attempt: this.#attempt,
      retryAt: Date.now() + pause,
      why: reason || `closed with ${code}`,
    })
    this.#after('connect', pause, () => this.connect())
  }

  #say(state) {
    this.#options.onState(state)
  }

  #after(name, ms, work) {
    clearTimeout(this.#timers.get(name))
    this.#timers.set(name, setTimeout(work, ms))
  }

  #clear(name) {
    for (const [key, timer] of this.#timers)
      if (name === undefined || key === name) clearTimeout(timer)
  }
}
