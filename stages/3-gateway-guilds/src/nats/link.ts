import type { NatsConnection } from '@nats-io/transport-node'
import { deadlineAfter, messageOf, type Runtime, type Timers } from '@threshold/kit'
import { decodeFrame, encodeFrame } from '../wire/frame.ts'
import { type LinkPayload, linkHead, linkSubject, resend } from '../wire/link.ts'
import type { Bus } from './bus.ts'

/** Messages that a host can send again. It is a second of a busy gateway. */
const KEPT_MESSAGES = 1_000
const BEACON_MS = 250
const RESEND_TIMEOUT_MS = 2_000
/** Requests for the same messages, before the next beacon. */
const MAX_TRIES = 3

/**
 * The links of one host to its gateways. Core NATS may drop a message, so each link numbers its
 * messages and keeps the last ones. A beacon with the last number shows a loss that no later
 * message would.
 */
export interface LinkSender extends Disposable {
  readonly host: string
  /** Returns the number of the message on the link. */
  send(gateway: string, payload: LinkPayload, body?: Uint8Array): number
  /** The number of the last message. 0: none was sent yet. */
  last(gateway: string): number
  /** The gateway is gone. If it comes back, its numbers go on. */
  close(gateway: string): void
}

interface Link {
  last: number
  isOpen: boolean
  /** The newest messages; the last of them has the number `last`. */
  readonly kept: Uint8Array[]
}

export function createLinkSender(
  connection: NatsConnection,
  bus: Bus,
  { host, timers }: { readonly host: string; readonly timers: Timers },
): LinkSender {
  const links = new Map<string, Link>()
  const serving = bus.serve(resend(host), async ({ gateway, from, to }) => {
    const link = links.get(gateway)
    const first = link ? link.last - link.kept.length + 1 : 1
    if (!link || from < first || to > link.last) return false
    for (let n = from; n <= to; n++) connection.publish(linkSubject(gateway), link.kept[n - first]!)
    return true
  })

  let cancel = (): void => {}
  const beacon = (): void => {
    for (const [gateway, { last, isOpen }] of links)
      if (isOpen) connection.publish(linkSubject(gateway), encodeFrame({ v: 1, host, n: last }))
    cancel = timers.after(BEACON_MS, beacon)
  }
  beacon()

  return {
    host,
    send(gateway, payload, body) {
      const link = links.get(gateway) ?? { last: 0, isOpen: true, kept: [] }
      const frame = encodeFrame({ v: 1, host, n: link.last + 1, payload }, body)
      // NATS would refuse it, and a number without a message would stop the link.
      if (frame.length > (connection.info?.max_payload ?? Number.POSITIVE_INFINITY))
        throw new RangeError(`a message of ${frame.length} bytes to a gateway`)
      links.set(gateway, link)
      link.isOpen = true
      link.last += 1
      link.kept.push(frame)
      if (link.kept.length > KEPT_MESSAGES) link.kept.shift()
      connection.publish(linkSubject(gateway), frame)
      return link.last
    },
    last: (gateway) => links.get(gateway)?.last ?? 0,
    close(gateway) {
      const link = links.get(gateway)
      if (!link) return
      link.isOpen = false
      link.kept.length = 0
    },
    [Symbol.dispose]() {
      cancel()
      serving[Symbol.dispose]()
    },
  }
}

export interface LinkReceiver extends Disposable {
  /** Resolves when all messages of the host up to this number were handled. */
  received(host: string, n: number): Promise<void>
  /** The host is gone. If it comes back, its numbers go on. */
  close(host: string): void
}

interface Incoming {
  /** The number of the next message to handle. */
  next: number
  /** The highest number that the host is known to have sent. */
  highest: number
  readonly early: Map<number, { readonly payload: LinkPayload; readonly body: Uint8Array }>
  asking: boolean
  readonly waiting: { readonly n: number; readonly resolve: () => void }[]
}

/**
 * Handles the messages of each host in their order and each once. Messages that are missing are
 * asked for again. `onLost`: the host no longer has them, so that the sessions attached to it have
 * to be attached again.
 */
export function createLinkReceiver(
  connection: NatsConnection,
  bus: Bus,
  {
    gateway,
    onMessage,
    onLost,
  }: {
    readonly gateway: string
    readonly onMessage: (payload: LinkPayload, body: Uint8Array) => void
    readonly onLost: (host: string) => void
  },
  { log, clock }: Pick<Runtime, 'log' | 'clock'>,
): LinkReceiver {
  const hosts = new Map<string, Incoming>()

  function incomingOf(host: string): Incoming {
    let incoming = hosts.get(host)
    if (!incoming) {
      incoming = { next: 1, highest: 0, early: new Map(), asking: false, waiting: [] }
      hosts.set(host, incoming)
    }
    return incoming
  }

  function handleReady(incoming: Incoming): void {
    for (;;) {
      const message = incoming.early.get(incoming.next)
      if (!message) break
      incoming.early.delete(incoming.next)
      incoming.next += 1
      onMessage(message.payload, message.body)
    }
    const { waiting } = incoming
    for (let i = waiting.length - 1; i >= 0; i--)
      if (waiting[i]!.n < incoming.next) waiting.splice(i, 1)[0]!.resolve()
  }

  /**
   * Asks for messages that have not come, gap by gap. A beacon asks again for what is lost again.
   */
  async function askAgain(host: string, incoming: Incoming): Promise<void> {
    if (incoming.asking) return
    incoming.asking = true
    try {
      let tries = 0
      while (incoming.next <= incoming.highest && tries < MAX_TRIES) {
        const from = incoming.next
        await askFor(host, incoming, from, endOfGap(incoming))
        tries = incoming.next > from ? 0 : tries + 1
      }
    } catch (error) {
      // If the host is dead, its partitions get another owner.
      log.debug({ host, err: messageOf(error) }, 'a guild host did not send messages again')
    } finally {
      incoming.asking = false
    }
  }

  async function askFor(host: string, incoming: Incoming, from: number, to: number): Promise<void> {
    const deadline = deadlineAfter(RESEND_TIMEOUT_MS, clock)
    if (await bus.request(resend(host), { gateway, from, to }, deadline)) return
    if (hosts.get(host) !== incoming) return
    log.warn({ host, from, to }, 'messages of a guild host are lost; attaching again')
    incoming.next = to + 1
    onLost(host)
    handleReady(incoming)
  }

  const subscription = connection.subscribe(linkSubject(gateway), {
    callback(error, message) {
      if (error) {
        log.warn({ err: messageOf(error) }, 'the link of a gateway')
        return
      }
      try {
        const { head, body } = decodeFrame(message.data)
        const { host, n, payload } = linkHead.parse(head)
        const incoming = incomingOf(host)
        if (payload && n >= incoming.next) incoming.early.set(n, { payload, body })
        incoming.highest = Math.max(incoming.highest, n)
        handleReady(incoming)
        void askAgain(host, incoming)
      } catch (cause) {
        log.warn({ err: messageOf(cause) }, 'a message on a link is not valid')
      }
    },
  })

  return {
    received(host, n) {
      const incoming = incomingOf(host)
      if (incoming.next > n) return Promise.resolve()
      return new Promise((resolve) => incoming.waiting.push({ n, resolve }))
    },
    close(host) {
      for (const { resolve } of hosts.get(host)?.waiting.splice(0) ?? []) resolve()
    },
    [Symbol.dispose]: () => subscription.unsubscribe(),
  }
}

/** The number before the first message that came early, or the last one that was sent. */
function endOfGap({ next, early, highest }: Incoming): number {
  for (let n = next; n < highest; n++) if (early.has(n + 1)) return n
  return highest
}
