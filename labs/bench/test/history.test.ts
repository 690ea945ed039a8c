import { allTests, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { describe as describeHistory } from '../history.ts'
import { fillChannel } from '../src/history/channel.ts'
import { historyRounds } from '../src/history/rounds.ts'

const EFFORT = { rounds: 2, pages: 8 }
/** Two messages per day, so that a page reads several buckets. */
const PAST = { days: 200, characters: 20 }

describe('the history bench', { timeout: 120_000 }, () => {
  it.runIf(allTests())('reads full pages from both stores and measures each', async () => {
    await using use = new AsyncDisposableStack()
    const lease = async () => use.use(await leaseDatabase()).uri
    const cassandra = use.use(await leaseKeyspace()).uri
    const channels = [
      use.use(
        await fillChannel(
          { stage: 2, mongodb: await lease(), cassandra },
          { messages: 400, ...PAST },
          () => {},
        ),
      ),
      use.use(
        await fillChannel(
          { stage: 1, mongodb: await lease() },
          { messages: 600, ...PAST },
          () => {},
        ),
      ),
    ]

    const measured = await historyRounds(channels, undefined, EFFORT, () => {})

    expect(measured.samples).toHaveLength(EFFORT.rounds * channels.length * 2)
    for (const { name, p50, p99, statements } of measured.samples) {
      expect(p50).toBeGreaterThan(0)
      expect(p99).toBeGreaterThanOrEqual(p50)
      // Cassandra lists the buckets and reads them until the page is full. A repeated import
      // request leaves more messages in them.
      if (name === 'stage 1') expect(statements).toBe(1)
      else expect(statements).toBeGreaterThanOrEqual(2)
    }
  })

  it('draws cost against size and states its growth', () => {
    const sample = (messages: number, at: 'newest' | 'random', p50: number) => ({
      name: 'stage 2',
      messages,
      at,
      round: 0,
      pages: 1,
      p50,
      p99: p50 * 2,
      statements: 2,
      stageCpuMs: 1,
      engineCpuMs: Number.NaN,
    })
    const samples = [
      sample(10, 'newest', 2),
      sample(10, 'random', 2),
      sample(1_000, 'newest', 3),
      sample(1_000, 'random', 4),
    ]
    const reads = new Map([
      [10, { sstablesP50: 1, sstablesP99: 2, readP50Ms: 0.2, readP99Ms: 0.9 }],
    ])
    const { columns, rows, findings, picture } = describeHistory({ samples, reads })
    expect(rows.map((row) => row.length)).toEqual(Array(4).fill(columns.length))
    expect(rows.map((row) => row[5])).toEqual(['1.00', '1.50', '1.00', '2.00'])
    expect(findings).toContain(
      'stage 2, newest: 100 times as many messages take 1.50 times as long per page (p50).',
    )
    expect(picture.svg).toMatch(/^<svg [^>]*><style>.*:root .*newest, p50.*random, p99/s)
  })
})
