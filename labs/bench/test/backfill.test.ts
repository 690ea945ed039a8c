import { findPython } from '@threshold/engines'
import { allTests, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { expect, it } from 'vitest'
import { describe as describeBackfill } from '../backfill.ts'
import { backfillRounds } from '../src/backfill/rounds.ts'
import { COPY, LOOP, MIGRATOR, SEQUENTIAL } from '../src/backfill/writers.ts'

const SIZE = { channels: 4, messages: 60, days: 100, characters: 30 }
const ROWS = SIZE.channels * SIZE.messages

it.runIf(allTests())(
  'the backfill bench compares writers that write the same rows',
  { timeout: 120_000 },
  async () => {
    await using use = new AsyncDisposableStack()
    const [database, keyspace] = [use.use(await leaseDatabase()), use.use(await leaseKeyspace())]
    const copies = (await findPython()).usable ? [COPY] : []

    const measured = await backfillRounds(
      { mongodb: database.uri, cassandra: keyspace.uri },
      SIZE,
      { rounds: 1, warmUps: 0 },
      () => {},
    )

    const { samples } = measured
    expect(samples.map(({ name }) => name)).toEqual([MIGRATOR, ...copies, LOOP, SEQUENTIAL])
    expect(new Set(samples.map(({ digest }) => digest)).size).toBe(1)
    for (const {
      name,
      rows,
      buckets,
      withOriginalTime,
      copySeconds,
      seconds,
      cpuSeconds,
    } of samples) {
      expect(rows).toBe(ROWS)
      // A hundred days are ten buckets, or eleven if the first day is within a bucket.
      expect(buckets / SIZE.channels).toBeGreaterThanOrEqual(10)
      expect(withOriginalTime).toBe(name === COPY ? 0 : ROWS)
      expect(copySeconds).toBeGreaterThan(0)
      expect(seconds).toBeGreaterThanOrEqual(copySeconds)
      expect(cpuSeconds).toBeGreaterThan(0.05)
    }

    const { columns, rows, findings } = describeBackfill(measured)
    for (const row of rows) expect(row).toHaveLength(columns.length)
    expect(
      rows.map(([name, , ratio, , , , kept]) => ({ name, ratio: Number(ratio) > 0, kept })),
    ).toEqual(
      samples.map(({ name }) => ({ name, ratio: true, kept: name === COPY ? 'no' : 'yes' })),
    )
    expect(findings.join('\n')).toContain(
      copies.length === 0 ? `${COPY} was not measured: ` : `${COPY} reads a file`,
    )
  },
)
