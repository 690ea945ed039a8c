import { newId } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import type { Buckets } from '../../src/cassandra/buckets.ts'
import type { CassandraRow, Execute } from '../../src/cassandra/database.ts'
import { createPages } from '../../src/cassandra/pages.ts'
import { fromRow } from '../../src/cassandra/rows.ts'

/** A channel of one partition with messages of one size. It records the reads of it. */
function channelOf(messages: number, characters: number) {
  const channel = newId()
  const limits: number[] = []
  let underWay = 0
  let mostUnderWay = 0
  let reading = 0
  let mostReading = 0
  const rows = Array.from({ length: messages }, (_, i): CassandraRow => {
    const id = BigInt(messages - i)
    return {
      channel_id: BigInt(channel),
      message_id: id,
      author_id: 7n,
      content: 'x'.repeat(characters),
      write_time: 1n,
      type: 0,
    }
  })
  const execute: Execute = async (_cql, values) => {
    const most = values.at(-1) as number
    const before = values.length > 3 ? (values[2] as bigint) : BigInt(messages + 1)
    limits.push(most)
    reading += 1
    mostReading = Math.max(mostReading, reading)
    underWay += most * characters
    mostUnderWay = Math.max(mostUnderWay, underWay)
    await new Promise(setImmediate)
    underWay -= most * characters
    reading -= 1
    return rows.filter(({ message_id }) => (message_id as bigint) < before).slice(0, most)
  }
  const buckets = {
    list: async () => [1],
    of: () => 1,
    markEmpty: async () => {},
  } as unknown as Buckets
  const page = createPages(() => 'SELECT', buckets, Date.now, fromRow)
  return {
    limits,
    mostUnderWay: () => mostUnderWay,
    atOnce: () => mostReading,
    page: (limit: number) => page(execute, channel, { at: 'latest' }, limit),
  }
}

describe('a page', () => {
  it('of light messages is one statement, also for many readers at once', async () => {
    const { page, limits } = channelOf(200, 100)
    const pages = await Promise.all(Array.from({ length: 20 }, () => page(100)))
    expect(pages.map(({ length }) => length)).toEqual(pages.map(() => 100))
    // The first reader finds out their weight.
    expect(limits).toEqual([50, 50, ...pages.slice(1).map(() => 100)])
  })

  it('of large messages comes in parts, once their size is known', async () => {
    const { page, limits } = channelOf(200, 240_000)
    const first = await page(100)
    limits.length = 0
    const second = await page(100)
    expect(second).toEqual(first)
    expect(second.map(({ id }) => id)).toEqual(
      Array.from({ length: 100 }, (_, i) => String(200 - i)),
    )
    expect(Math.max(...limits)).toBeLessThanOrEqual(8)
  })

  it('of large messages is read by few readers at once, however many come', async () => {
    const { page, mostUnderWay } = channelOf(200, 240_000)
    const pages = await Promise.all(Array.from({ length: 20 }, () => page(100)))
    expect(pages.map(({ length }) => length)).toEqual(pages.map(() => 100))
    expect(mostUnderWay()).toBeLessThanOrEqual(50 * 240_000)
  })

  it('of an empty channel is read side by side once it is known to be empty', async () => {
    const { page, limits, atOnce } = channelOf(0, 0)
    await page(50)
    limits.length = 0
    const both = [page(50), page(50)]
    await Promise.all(both)
    expect(atOnce()).toBe(2)
    expect(limits).toEqual([50, 50])
  })

  it('of one message is one statement, however large', async () => {
    const { page, limits } = channelOf(3, 5_000_000)
    await page(2)
    await page(1)
    expect(limits).toEqual([2, 1])
  })
})
