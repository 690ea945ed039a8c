import { silentLog, systemClock, systemTimers } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bus } from '../../src/nats/bus.ts'
import type { Nats } from '../../src/nats/connect.ts'
import { createLinkReceiver, createLinkSender } from '../../src/nats/link.ts'
import type { LinkPayload } from '../../src/wire/link.ts'
import { natsFixture } from './fixture.ts'

const runtime = { clock: systemClock, log: silentLog }
const WAIT = { timeout: 10_000, interval: 10 }
const left = (n: number): LinkPayload => ({ kind: 'left', guild: '1', slot: n, sessionId: 's' })

describe('a link from a host to a gateway', () => {
  const use = new AsyncDisposableStack()
  let nats: Nats
  let bus: Bus
  beforeAll(async () => {
    const fixture = await natsFixture(use)
    nats = await fixture.connect()
    bus = nats.bus
  }, 60_000)
  afterAll(() => use.disposeAsync())

  let names = 0
  /** A link whose messages `drop` can lose between the two ends. */
  function link(drop: (n: number) => boolean) {
    names += 1
    const [host, gateway] = [`host${names}`, `gateway${names}`]
    let published = 0
    const lossy = Object.create(nats.connection) as Nats['connection']
    lossy.publish = (subject, data) => {
      published += 1
      if (!drop(published)) nats.connection.publish(subject, data)
    }
    const received: number[] = []
    const lost: string[] = []
    const receiver = createLinkReceiver(
      nats.connection,
      bus,
      {
        gateway,
        onMessage: (payload) => void received.push((payload as { slot: number }).slot),
        onLost: (from) => void lost.push(from),
      },
      runtime,
    )
    const sender = createLinkSender(lossy, bus, { host, timers: systemTimers })
    use.use(receiver)
    use.use(sender)
    return { host, gateway, sender, receiver, received, lost }
  }
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

  it('delivers all messages in order, and each once', async () => {
    const { sender, receiver, received, host, gateway } = link(() => false)
    for (const n of upTo(2_000)) expect(sender.send(gateway, left(n))).toBe(n)
    await receiver.received(host, 2_000)
    expect(received).toEqual(upTo(2_000))
    expect(sender.last(gateway)).toBe(2_000)
  })

  it('delivers messages that NATS lost, in their order', async () => {
    const { sender, receiver, received, host, gateway, lost } = link((n) => n % 5 === 0)
    for (const n of upTo(300)) sender.send(gateway, left(n))
    await receiver.received(host, 300)
    expect(received).toEqual(upTo(300))
    expect(lost).toEqual([])
  })

  it('notices by a beacon that the last message was lost', async () => {
    const { sender, received, gateway } = link((n) => n === 6)
    for (const n of upTo(5)) sender.send(gateway, left(n))
    await vi.waitFor(() => expect(received).toEqual(upTo(5)), WAIT)
  })

  it('says so if the host no longer has what was lost, and goes on behind it', async () => {
    const { sender, received, gateway, lost, host } = link((n) => n < 1_500)
    for (const n of upTo(3_000)) sender.send(gateway, left(n))
    await vi.waitFor(() => expect(received.at(-1)).toBe(3_000), WAIT)
    expect(lost).toEqual([host])
    expect(received).toEqual(received.toSorted((a, b) => a - b))
    expect(new Set(received).size).toBe(received.length)
  })
})
