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

/** Guilds, members, voice states, presences, messages, reactions, typing, and message content. */
const INTENTS =
  (1 << 0) | (1 << 1) | (1 << 7) | (1 << 8) | (1 << 9) | (1 << 10) | (1 << 11) | (1 << 15)

/** Another Identify would be refused as well after these codes: token, shard, version, intents. */
const FATAL_CODES = new Set([4004, 4010, 4011, 4012, 4013, 4014])

/** Codes after which the session cannot be resumed: invalid sequence, session timed out. */
const SESSION_LOST_CODES = new Set([4007, 4009])

/** Milliseconds after which a server that accepts the socket and sends nothing counts as down. */
const HELLO_TIMEOUT_MS = 10_000

/** Unlike 1000 and 1001, this code leaves the session open, so that it can be resumed. */
const RESUMABLE_CLOSE = 4_000

/**
 * A client for gateway version 10. It sends heartbeats, detects a dead connection by a missing
 * acknowledgement, and reconnects with growing pauses.
 *
 * It tries to resume its session. If the server refuses, it identifies again. READY then tells the
 * rest of the page that events were lost.
 *
 * `findUrl` resolves with the gateway's address. It is called before the first connection, and after
 * one without a greeting: the gateway may have moved. If it rejects, the last address is tried again,
 * since a gateway may serve while the API does not.
 *
 * `onState` receives `{phase, attempt?, retryAt?, code?, reason?}`. The phase is connecting, live,
 * waiting, resuming, identifying or refused.
 */
export class Gateway {
  #options
  #socket
  #url
  #isUrlKnownGood = false
  #isOpening = false
  /** `{id, seq}`, as a resume needs them. Undefined before the first READY and after a refusal. */
  #session
  #attempt = 0
  #timers = new Map()
  #acknowledged = true
  #stopped = false

  constructor(options) {
    this.#options = { onDispatch() {}, onState() {}, onFrame() {}, random: Math.random, ...options }
  }

  connect() {
    if (this.#stopped || this.#isOpening || this.#socket) return
    this.#clearTimers()
    this.#report({ phase: this.#session ? 'resuming' : 'connecting', attempt: this.#attempt })
    this.#isOpening = true
    this.#open()
      .catch((failure) => {
        if (!this.#stopped) this.#afterClose(undefined, failure.message)
      })
      .finally(() => {
        this.#isOpening = false
      })
  }

  async #open() {
    if (!this.#isUrlKnownGood) this.#url = await this.#options.findUrl().catch(this.#lastUrl)
    if (this.#stopped) return
    this.#isUrlKnownGood = false // until the greeting
    const socket = new WebSocket(this.#url)
    this.#socket = socket
    // Events of a socket that was abandoned are ignored.
    const ifCurrent = (handle) => (event) => {
      if (socket === this.#socket) handle(event)
    }
    socket.onmessage = ifCurrent((event) => this.#receive(JSON.parse(event.data)))
    socket.onclose = ifCurrent((event) => this.#afterClose(event.code, event.reason))
    this.#setTimer('hello', HELLO_TIMEOUT_MS, () => this.#abandon('no greeting'))
  }

  #lastUrl = (failure) => {
    if (this.#url === undefined) throw failure
    return this.#url
  }

  /** Closes for good, and ends the session. */
  stop() {
    this.#stopped = true
    this.#clearTimers()
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
    if (frame.op === Op.dispatch) return this.#receiveDispatch(frame)
    if (frame.op === Op.hello) return this.#receiveHello(frame.d.heartbeat_interval)
    if (frame.op === Op.heartbeat) return this.#sendHeartbeat()
    if (frame.op === Op.ack) this.#acknowledged = true
    if (frame.op === Op.reconnect) this.#abandon('the server asked for it')
    if (frame.op === Op.invalidSession) this.#receiveInvalidSession(frame.d === true)
  }

  #receiveHello(interval) {
    this.#clearTimers('hello')
    this.#isUrlKnownGood = true
    this.#acknowledged = true
    const beat = () => {
      if (!this.#acknowledged) return this.#abandon('no heartbeat ack')
      this.#acknowledged = false
      this.#sendHeartbeat()
      this.#setTimer('heartbeat', interval, beat)
    }
    // The first one comes at a random time, as documented. Otherwise all clients that reconnect
    // together would send their heartbeats together from then on.
    this.#setTimer('heartbeat', interval * this.#options.random(), beat)
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

  #sendHeartbeat() {
    this.send(Op.heartbeat, this.#session?.seq ?? null)
  }

  #receiveDispatch({ t, s, d }) {
    if (t === 'READY') this.#session = { id: d.session_id, seq: s }
    else if (this.#session) this.#session.seq = s
    if (t === 'READY' || t === 'RESUMED') {
      this.#attempt = 0
      this.#report({ phase: 'live' })
    }
    this.#options.onDispatch(t, d)
  }

  /**
   * The session has ended, but the socket is open. The client identifies on it after a random
   * pause, as documented.
   */
  #receiveInvalidSession(resumable) {
    const pause = 1_000 + this.#options.random() * 4_000
    if (!resumable) this.#session = undefined
    this.#report({
      phase: 'identifying',
      retryAt: Date.now() + pause,
      reason: 'the session was lost',
    })
    this.#setTimer('identify', pause, () =>
      resumable ? this.#abandon('the server asked for it') : this.#identify(),
    )
  }

  /** Closes without waiting for the answer, which a dead server would not give. */
  #abandon(reason) {
    const socket = this.#socket
    this.#afterClose(RESUMABLE_CLOSE, reason)
    socket?.close(RESUMABLE_CLOSE)
  }

  #afterClose(code, reason) {
    this.#socket = undefined
    this.#clearTimers()
    if (FATAL_CODES.has(code))
      return this.#report({ phase: 'refused', code, reason: `${code} ${reason}` })
    if (SESSION_LOST_CODES.has(code)) this.#session = undefined
    const pause = backoff(this.#attempt, this.#options.random)
    this.#attempt += 1
    this.#report({
      phase: 'waiting',
      attempt: this.#attempt,
      retryAt: Date.now() + pause,
      reason: reason || `closed with ${code}`,
    })
    this.#setTimer('connect', pause, () => this.connect())
  }

  #report(state) {
    this.#options.onState(state)
  }

  #setTimer(name, ms, work) {
    clearTimeout(this.#timers.get(name))
    this.#timers.set(name, setTimeout(work, ms))
  }

  /** Clears one timer, or all. */
  #clearTimers(name) {
    for (const [key, timer] of this.#timers)
      if (name === undefined || key === name) clearTimeout(timer)
  }
}
