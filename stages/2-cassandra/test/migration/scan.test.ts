import { aMessage, newId } from '@threshold/conformance/ports'
import { leaseDatabase } from '@threshold/engines/testing'
import { deadlineAfter } from '@threshold/kit'
import { mongoMessageStore } from '@threshold/stage-1/adapters/message-store.mongodb'
import { mongoDatabase } from '@threshold/stage-1/mongodb'
import { describe, expect, it } from 'vitest'
import { mongoReplica } from '../../src/migration/replica.mongodb.ts'

const MIB = 1_024 * 1_024
/** A busy machine needs time to write 24 MB. */
const slowly = () => deadlineAfter(60_000)

describe("a scan of MongoDB's messages", () => {
  it('ends at its limit of bytes, and the next one continues there', async () => {
    await using use = new AsyncDisposableStack()
    const mongo = use.use(await mongoDatabase({ uri: use.use(await leaseDatabase()).uri }))
    const store = await mongoMessageStore(mongo)
    const channel = newId()
    const messages = Array.from({ length: 100 }, () => ({
      ...aMessage(channel),
      content: 'x'.repeat(240_000),
    }))
    for (let at = 0; at < messages.length; at += 20)
      await store.import(messages.slice(at, at + 20), slowly())

    const replica = mongoReplica(mongo)
    const scan = (cursor: string | null) =>
      replica.scan(
        { from: '0', to: String(1n << 62n), cursor },
        { rows: 1_000, bytes: MIB },
        slowly(),
      )
    const first = await scan(null)
    // Four rows are smaller than the limit. The fifth exceeds it.
    expect(first.rows.map(({ message }) => message)).toEqual(messages.slice(0, 5))
    expect(first.done).toBe(false)
    const second = await scan(first.cursor)
    expect(second.rows.map(({ message }) => message)).toEqual(messages.slice(5, 10))
    const last = await scan(messages[97]!.id)
    expect(last.rows.map(({ message }) => message)).toEqual(messages.slice(98))
    expect(last.done).toBe(true)
  })
})
