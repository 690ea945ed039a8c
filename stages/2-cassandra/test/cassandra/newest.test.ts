import { aMessage, newId } from '@threshold/conformance/ports'
import { CodedError, deadlineExceeded, unavailable } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { createBuckets } from '../../src/cassandra/buckets.ts'
import type { Execute } from '../../src/cassandra/database.ts'
import { createNewest } from '../../src/cassandra/newest.ts'
import { long } from '../../src/cassandra/rows.ts'

const DAYS = 10
const messages = Array.from({ length: 120 }, () => aMessage(newId()))
const channels = messages.map(({ channelId }) => channelId)
const buckets = createBuckets('k', DAYS, Date.now)

/**
 * Statements that name a channel of `broken` fail. A real node cannot be made to lose one
 * partition.
 */
function newestWith(broken: readonly string[], error: Error) {
  let statements = 0
  const execute: Execute = async (cql, [named]) => {
    statements += 1
    const ids = [named].flat()
    if (broken.some((channel) => ids.includes(long(channel)))) throw error
    const some = messages.filter(({ channelId }) => ids.includes(long(channelId)))
    return some.map(({ channelId, id, authorId }) =>
      cql.includes('channel_buckets')
        ? { channel_id: long(channelId), bucket: buckets.of(id) }
        : { channel_id: long(channelId), message_id: long(id), author_id: long(authorId) },
    )
  }
  const newest = createNewest('k.messages', buckets, async (run, channel) => {
    await run('a page', [long(channel)])
    return messages.filter(({ channelId }) => channelId === channel)
  })
  return { find: () => newest(execute, channels), statements: () => statements }
}

describe('the newest messages of many channels', () => {
  it.each([unavailable('Cassandra'), new CodedError('CASSANDRA_REFUSED', 'no')])(
    'are found for all channels but the one that cannot be read: %s',
    async (error) => {
      const expected = messages.filter((_, i) => i !== 60)
      const found = await newestWith([channels[60]!], error).find()
      expect(found).toEqual(new Map(expected.map(({ channelId, id }) => [channelId, id])))
    },
  )

  it('reject where none can be read, without reading the rest', async () => {
    const { find, statements } = newestWith(channels, unavailable('Cassandra'))
    await expect(find()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(statements()).toBe(51)
  })

  it('are not read one by one once the deadline has passed', async () => {
    const { find, statements } = newestWith(channels, deadlineExceeded('Cassandra'))
    await expect(find()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(statements()).toBe(1)
  })
})
