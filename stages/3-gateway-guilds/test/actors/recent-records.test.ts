import { describe, expect, it } from 'vitest'
import { RecentRecords } from '../../src/actors/recent-records.ts'
import type { EventRecord } from '../../src/actors/records.ts'
import { MAX_AGE_MS } from '../../src/nats/partition-log.ts'

const record = (key: string, sequence: number): EventRecord => ({
  v: 1,
  kind: 'event',
  key,
  position: { epoch: 1, sequence },
  event: { v: 1, id: `${key}:${sequence}`, type: 'MESSAGE_CREATE', data: {} },
  isForEveryone: true,
  audience: new Map(),
})

const sequences = (records: RecentRecords, key: string): number[] =>
  records.of(key).map(({ position }) => position.sequence)

describe('the recent records of a partition', () => {
  it('keep the order of each guild and user, history first', () => {
    const records = new RecentRecords({ now: () => 0 }, [record('1', 1)])
    records.add(record('2', 1), 10)
    records.add(record('1', 2), 10)
    expect(sequences(records, '1')).toEqual([1, 2])
    expect(sequences(records, '2')).toEqual([1])
    expect(sequences(records, '3')).toEqual([])
  })

  it('forget what the log no longer has', () => {
    let now = 0
    const records = new RecentRecords({ now: () => now }, [])
    records.add(record('1', 1), 10)
    now = MAX_AGE_MS / 2
    records.add(record('1', 2), 10)
    now = MAX_AGE_MS
    records.add(record('2', 1), 10)
    expect(sequences(records, '1')).toEqual([2])
  })

  it('forget the oldest above the limit of bytes', () => {
    const records = new RecentRecords({ now: () => 0 }, [])
    const quarter = 4 * 2 ** 20
    for (let sequence = 1; sequence <= 6; sequence++) records.add(record('1', sequence), quarter)
    expect(sequences(records, '1')).toEqual([3, 4, 5, 6])
  })
})
