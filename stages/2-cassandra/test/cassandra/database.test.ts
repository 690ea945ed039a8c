import { newId, testDeadline } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import { cassandraAddress } from '../../src/cassandra/address.ts'
import { openStore } from '../adapters/database.ts'

describe('the address of a keyspace', () => {
  it('names hosts, port, data centre and keyspace', () => {
    expect(cassandraAddress('cassandra://a,b:9142/chat?dc=eu')).toEqual({
      contactPoints: ['a', 'b'],
      port: 9_142,
      localDataCenter: 'eu',
      keyspace: 'chat',
    })
    expect(cassandraAddress('cassandra://ada:s%40crets@db:9042/chat')).toMatchObject({
      localDataCenter: 'datacenter1',
      credentials: { username: 'ada', password: 's@crets' },
    })
  })

  it.each([
    'cassandra://db:9042',
    'cassandra://db:9042/',
    'cassandra://db/chat',
    'mongodb://ada:sesame@db:9042/chat',
    "cassandra://ada:sesame@db:9042/chat'; DROP",
    `cassandra://db:9042/${'x'.repeat(49)}`,
  ])('rejects %s, and does not repeat it in the error', (uri) => {
    expect(() => cassandraAddress(uri)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: expect.not.stringMatching(/sesame|db/),
      }),
    )
  })
})

describe('more calls than the queue holds', () => {
  it('are rejected at once, and the others served', { timeout: 60_000 }, async () => {
    await using use = new AsyncDisposableStack()
    const { store } = await openStore(use)
    const settled = await Promise.allSettled(
      Array.from({ length: 4_000 }, () => store.get(newId(), [newId()], testDeadline())),
    )
    const refused = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    expect(refused).toEqual(
      refused.map(() =>
        expect.objectContaining({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) }),
      ),
    )
    expect(refused.length).toBeGreaterThan(1_000)
    expect(settled.length - refused.length).toBeGreaterThanOrEqual(2_048)
    expect(await store.get(newId(), [newId()], testDeadline())).toEqual([])
  })
})
