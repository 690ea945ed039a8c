import { aGuild, newId } from '@threshold/conformance/ports'
import { createTelemetry, RECIPIENTS, silentTracer, type Telemetry } from '@threshold/kit'
import { type CollectedSpan, spanCollector } from '@threshold/kit/testing'
import type { Delivery } from '@threshold/ports'
import { describe, expect, it } from 'vitest'
import { typescriptPermissions } from '../../src/adapters/permissions.typescript.ts'
import { type Audience, createAudience } from '../../src/guild/audience.ts'
import { createGuildLog, type StoreEvent } from '../../src/guild/guild-log.ts'
import { aListener, deliverToAll, type TestListener } from './listener.ts'

const { state } = aGuild(3)
const users = [...state.members.keys()]
const EPOCH = 7

function fixture(tracer: Telemetry['tracer'] = silentTracer, store?: StoreEvent) {
  const audience: Audience<TestListener> = createAudience(typescriptPermissions())
  const log = createGuildLog('guild', {
    epoch: EPOCH,
    audience,
    tracer,
    deliver: deliverToAll,
    store,
  })
  return { audience, log, everyone: audience.everyone }
}

const eventTypes = (deliveries: readonly Delivery[]): string[] =>
  deliveries.flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event.type] : []))

describe('a guild log', () => {
  it('delivers in one order to all, also events that a subscriber causes during a delivery', () => {
    const { audience, log, everyone } = fixture()
    const reactions = new Map([
      ['one', ['two', 'three']],
      ['two', ['four']],
    ])
    const reacting = aListener(users[0]!, (delivery) => {
      for (const type of reactions.get(eventTypes([delivery])[0] ?? '') ?? [])
        log.append(type, {}, everyone)
    })
    const passive = users.slice(1).map((user) => aListener(user))
    for (const session of [reacting, ...passive]) audience.add(state, session)
    log.append('one', {}, everyone)
    for (const { received } of [reacting, ...passive]) {
      expect(eventTypes(received)).toEqual(['one', 'two', 'three', 'four'])
      expect(
        received.map((delivery) => delivery.kind === 'event' && delivery.position.sequence),
      ).toEqual([1, 2, 3, 4])
    }
  })

  it('delivers nothing more to a subscriber that is removed during a delivery', () => {
    const { audience, log, everyone } = fixture()
    const ending = aListener(users[0]!, () => {
      audience.remove(ending)
      log.append('ended', {}, everyone)
    })
    const other = aListener(users[1]!)
    for (const session of [ending, other]) audience.add(state, session)
    log.append('one', {}, everyone)
    log.append('two', {}, everyone)
    expect(eventTypes(ending.received)).toEqual(['one'])
    expect(eventTypes(other.received)).toEqual(['one', 'ended', 'two'])
  })

  it('numbers events without a gap, also those without recipients', () => {
    const { log, everyone } = fixture()
    const positions = Array.from({ length: 3 }, () => log.append('x', {}, new Set()))
    expect([...positions, log.position]).toEqual(
      [1, 2, 3, 3].map((sequence) => ({ epoch: EPOCH, sequence })),
    )
    expect(log.appendEvent({ v: 1, id: newId(), type: 'y', data: {} }, everyone).position).toEqual({
      epoch: EPOCH,
      sequence: 4,
    })
  })

  it('goes on after a subscriber that throws, although none should', () => {
    const { audience, log, everyone } = fixture()
    const broken = aListener(users[0]!, () => {
      throw new Error('a subscriber must not throw')
    })
    audience.add(state, broken)
    expect(() => log.append('one', {}, everyone)).toThrow('must not throw')
    audience.remove(broken)
    const other = aListener(users[1]!)
    audience.add(state, other)
    log.append('two', {}, everyone)
    expect(eventTypes(other.received)).toEqual(['two'])
  })
})

describe('a guild log over a store', () => {
  /** Events become durable when the test says so. */
  function storing() {
    const writes = new Map<string, PromiseWithResolvers<void>>()
    const made = fixture(silentTracer, ({ type }) => {
      if (type === 'TYPING_START') return undefined
      const write = Promise.withResolvers<void>()
      writes.set(type, write)
      return write.promise
    })
    const listeners = users.map((user) => aListener(user))
    for (const each of listeners) made.audience.add(state, each)
    return { ...made, writes, listeners }
  }

  it('delivers an event once it is durable, and later ones after it', async () => {
    const { log, everyone, writes, listeners } = storing()
    const first = log.appendEvent({ v: 1, id: newId(), type: 'first', data: {} }, everyone)
    log.append('TYPING_START', {}, everyone)
    log.append('second', {}, everyone)
    writes.get('second')!.resolve()
    await log.durable()
    expect(listeners.flatMap(({ received }) => received)).toEqual([])
    writes.get('first')!.resolve()
    await first.durable
    for (const { received } of listeners)
      expect(eventTypes(received)).toEqual(['first', 'TYPING_START', 'second'])
    expect(log.durable()).toBeUndefined()
  })

  it('keeps the audience that an event had when it took its place', async () => {
    const { audience, log, everyone, writes, listeners } = storing()
    const [leaving, staying] = listeners
    log.append('first', {}, everyone)
    log.append('second', {}, new Set([staying!.userId]))
    audience.remove(leaving!)
    log.deliver(leaving!, { kind: 'left', guildId: 'guild' })
    const late = aListener(users[0]!)
    audience.add(state, late)
    log.append('third', {}, everyone)
    for (const write of writes.values()) write.resolve()
    await log.durable()
    expect(eventTypes(leaving!.received)).toEqual(['first'])
    expect(leaving!.received.map(({ kind }) => kind)).toEqual(['event', 'left'])
    expect(eventTypes(staying!.received)).toEqual(['first', 'second', 'third'])
    expect(eventTypes(late.received)).toEqual(['third'])
  })

  it('delivers nothing from an event on that did not become durable', async () => {
    const { log, everyone, writes, listeners } = storing()
    const { durable } = log.appendEvent({ v: 1, id: newId(), type: 'lost', data: {} }, everyone)
    log.append('TYPING_START', {}, everyone)
    writes.get('lost')!.reject(new Error('another owner'))
    await expect(durable).rejects.toThrow('another owner')
    log.append('TYPING_START', {}, everyone)
    expect(listeners.flatMap(({ received }) => received)).toEqual([])
  })
})

describe('the span of a fan-out', () => {
  it('has the number of recipients when it starts', () => {
    const started: unknown[] = []
    const startActiveSpan = (...args: [string, object, ...unknown[]]): unknown => {
      started.push(args.slice(0, 2))
      return Reflect.apply(silentTracer.startActiveSpan, silentTracer, args)
    }
    const { audience, log, everyone } = fixture({
      ...silentTracer,
      startActiveSpan: startActiveSpan as Telemetry['tracer']['startActiveSpan'],
    })
    for (const user of users) audience.add(state, aListener(user))
    log.append('TO_ALL', {}, everyone)
    log.append('TO_ONE', {}, new Set([users[0]!]))
    expect(started).toEqual([
      ['guild.fan_out', { attributes: { event: 'TO_ALL', [RECIPIENTS]: users.length } }],
      ['guild.fan_out', { attributes: { event: 'TO_ONE', [RECIPIENTS]: 1 } }],
    ])
  })

  it('is in the trace of the request that appended the event, whichever one delivers it', async () => {
    await using collector = await spanCollector()
    const telemetry = createTelemetry({ service: 'test', otlpUrl: collector.url })
    const write = Promise.withResolvers<void>()
    const { audience, log, everyone } = fixture(telemetry.tracer, ({ type }) =>
      type === 'TYPING_START' ? undefined : write.promise,
    )
    let leave: Promise<void> | undefined
    const session = aListener(users[0]!, (delivery) => {
      if (eventTypes([delivery])[0] !== 'MESSAGE_CREATE') return
      leave = telemetry.action('leave', {}, async () => {
        log.append('VOICE_STATE_UPDATE', {}, everyone)
      })
    })
    audience.add(state, session)
    const event = { v: 1, id: newId(), type: 'MESSAGE_CREATE', data: {} } as const
    const send = telemetry.action('send', {}, async () => log.appendEvent(event, everyone).durable)
    await telemetry.action('type', {}, async () => void log.append('TYPING_START', {}, everyone))
    expect(session.received).toEqual([])
    write.resolve()
    await send
    await leave
    await log.durable()
    await telemetry[Symbol.asyncDispose]()
    const fanOut = (type: string): CollectedSpan | undefined =>
      collector.spans.find(({ attributes }) => attributes.event === type)
    const { span } = collector
    expect(fanOut('MESSAGE_CREATE')?.parentSpanId).toBe(span('send').spanId)
    expect(fanOut('TYPING_START')?.parentSpanId).toBe(span('type').spanId)
    expect(span('leave').parentSpanId).toBe(fanOut('MESSAGE_CREATE')?.spanId)
    expect(fanOut('VOICE_STATE_UPDATE')?.parentSpanId).toBe(span('leave').spanId)
  })

  it('is sampled less often the more recipients there are', { timeout: 60_000 }, async () => {
    await using collector = await spanCollector()
    const telemetry = createTelemetry({ service: 'test', otlpUrl: collector.url })
    const { audience, log, everyone } = fixture(telemetry.tracer)
    const crowd = aGuild(10_000)
    for (const user of crowd.state.members.keys()) audience.add(crowd.state, aListener(user))
    for (let i = 0; i < 50; i++) {
      log.append('TO_ONE', {}, new Set([crowd.owner.user.id]))
      log.append('TO_ALL', {}, everyone)
    }
    await telemetry[Symbol.asyncDispose]()
    const count = (type: string): number =>
      collector.spans.filter(({ attributes }) => attributes.event === type).length
    expect(count('TO_ONE')).toBe(50)
    // A thousandth of fifty is expected; five would mean that the fan-out does not count.
    expect(count('TO_ALL')).toBeLessThan(5)
  })
})
