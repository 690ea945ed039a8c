import { listStages, roleUsers, startStage } from '@threshold/engines'
import { allTests, dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { describe as describeHandover } from '../handover.ts'
import { EVENTS, handoverRounds } from '../src/handover/rounds.ts'

describe('the handover bench', { timeout: 180_000 }, () => {
  it.runIf(allTests())(
    'measures the silence of guilds that move, and loses no message',
    async () => {
      await using use = new AsyncDisposableStack()
      const { dir } = (await listStages()).find(({ stage }) => stage === 3)!
      const stage = use.use(
        await startStage({
          stage: 3,
          engineUri: use.use(await leaseDatabase()).uri,
          cassandraUri: use.use(await leaseKeyspace()).uri,
          nats: use.use(await dedicatedNats({ users: await roleUsers(dir) })),
          processes: { guilds: 2 },
          env: { THRESHOLD_RATE_REQUESTS: '1000000' },
        }),
      )
      const plan = { guilds: 4, rounds: 1, settleMs: 6_000 }
      const { samples, lost, doubled } = await handoverRounds(stage, plan, () => {})
      expect({ lost, doubled }).toEqual({ lost: 0, doubled: 0 })
      expect(samples.map(({ event }) => event)).toEqual(EVENTS)
      for (const { silenceMs } of samples) expect(silenceMs).toHaveLength(plan.guilds)
    },
  )

  it('takes the worst guild of each window, and the median of the windows', () => {
    const sample = (event: (typeof EVENTS)[number], ...silenceMs: number[]) => ({
      event,
      seconds: 6,
      silenceMs,
      refused: 1,
    })
    const { rows, findings } = describeHandover({
      samples: [10, 20, 30].flatMap((ms) => [
        sample('nothing', 5, ms),
        sample('restart of a guild host', 15 * ms, ms),
        sample('kill of a guild host', 100 * ms, 7),
      ]),
      lost: 0,
      doubled: 2,
    })
    expect(rows).toEqual([
      ['nothing', '20', '1.0', '30', '3'],
      ['restart of a guild host', '300', '15.0', '450', '3'],
      ['kill of a guild host', '2000', '100.0', '3000', '3'],
    ])
    expect(findings[0]).toContain('missed')
    expect(findings[1]).toBe('0 acknowledged messages lost, 2 doubled.')
  })
})
