import { silentLog, systemClock, systemTimers } from '@threshold/kit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { acquireLease, type Lease, leaseBucket } from '../../src/nats/leases.ts'
import { ensureLogStream, type OpenedLog, openPartitionLog } from '../../src/nats/partition-log.ts'
import { type NatsFixture, natsFixture } from './fixture.ts'

const runtime = { clock: systemClock, log: silentLog }

describe('the log of a partition', () => {
  const use = new AsyncDisposableStack()
  let fixture: NatsFixture
  beforeAll(async () => {
    fixture = await natsFixture(use)
    await ensureLogStream(await fixture.connect())
  }, 60_000)
  afterAll(() => use.disposeAsync())

  let partitions = 0
  let epochs = 0
  const newPartition = (): number => {
    partitions += 1
    return partitions
  }
  async function own(partition: number): Promise<OpenedLog & { lease: Lease }> {
    const nats = await fixture.connect()
    epochs += 1
    const epoch = epochs
    const bucket = await leaseBucket(nats)
    const key = `host${epoch}`
    const lease = await acquireLease({ bucket, key, value: key, timers: systemTimers }, runtime)
    use.use(lease)
    return { lease, ...(await openPartitionLog(nats, { partition, epoch, lease }, runtime)) }
  }
  const recordsOf = ({ history }: OpenedLog): unknown[] => history.map(({ record }) => record)

  it('gives the next owner each acknowledged record once, in order, with its epoch', async () => {
    const partition = newPartition()
    const first = await own(partition)
    expect(first.history).toEqual([])
    const records = Array.from({ length: 500 }, (_, i) => ({ i, text: 'x'.repeat(i) }))
    const order: number[] = []
    await Promise.all(
      records.map((record, i) => first.log.append(record).then(() => order.push(i))),
    )
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    const second = await own(partition)
    expect(recordsOf(second)).toEqual(records)
    expect(new Set(second.history.map(({ epoch }) => epoch))).toEqual(new Set([first.log.epoch]))
    await second.log.append('later')
    expect(recordsOf(await own(partition))).toEqual([...records, 'later'])
  })

  it('refuses a former owner from the fence on, and that owner stores nothing more', async () => {
    const partition = newPartition()
    const former = await own(partition)
    await former.log.append('before')
    const next = await own(partition)
    const outcomes = await Promise.allSettled([
      former.log.append('late 1'),
      former.log.append('late 2'),
      next.log.append('after'),
    ])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(outcomes[0]).toMatchObject({ reason: { code: 'UNAVAILABLE' } })
    await expect(former.log.append('later still')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await expect(former.log.flushed()).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(recordsOf(await own(partition))).toEqual(['before', 'after'])
  })

  it('goes on when the stream has dropped all of its entries, and fences as before', async () => {
    const partition = newPartition()
    const first = await own(partition)
    await first.log.append('dropped')
    const { manager } = await fixture.connect()
    await manager.streams.purge('LOG', { filter: `log.${partition}` })
    await first.log.append('kept 1')
    await first.log.append('kept 2')
    const second = await own(partition)
    expect(recordsOf(second)).toEqual(['kept 1', 'kept 2'])
    await expect(first.log.append('late')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('refuses a record that NATS does not carry, and goes on', async () => {
    const { log } = await own(newPartition())
    await expect(log.append('x'.repeat(2 ** 22))).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    await log.append('small')
  })

  it('keeps each acknowledged record once while NATS is killed and restarted', async () => {
    const partition = newPartition()
    const { log } = await own(partition)
    const acknowledged: number[] = []
    let next = 0
    let stopped = false
    const writing = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!stopped) {
          const record = next++
          await log.append(record)
          acknowledged.push(record)
        }
      }),
    )
    for (let i = 0; i < 3; i++) {
      await expect
        .poll(() => acknowledged.length, { timeout: 20_000 })
        .toBeGreaterThan(100 * (i + 1))
      await fixture.kill()
      await fixture.restart()
    }
    stopped = true
    await writing
    const stored = recordsOf(await own(partition))
    expect(stored).toEqual(Array.from({ length: next }, (_, i) => i))
    expect(new Set(acknowledged).size).toBe(next)
  })

  it('accepts nothing more once the lease has ended', async () => {
    const { log, lease } = await own(newPartition())
    await lease.drop()
    await expect(log.append('too late')).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })

  it('orders two owners that claim at the same time by their fences', async () => {
    const partition = newPartition()
    const owners = await Promise.all([own(partition), own(partition)])
    const outcomes = await Promise.allSettled(owners.map(({ log }, i) => log.append(i)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })
})
