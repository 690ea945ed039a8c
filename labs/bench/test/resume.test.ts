import { listStages, roleUsers, startStage } from '@threshold/engines'
import { allTests, dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { describe, expect, it } from 'vitest'
import { describe as describeResume } from '../resume.ts'
import { resumeStorms } from '../src/resume/storm.ts'

const SESSIONS = 100
const MESSAGES = 3

describe('the resume bench', { timeout: 180_000 }, () => {
  it.runIf(allTests())(
    'has sessions resume, without a read for each and without a loss',
    async () => {
      await using use = new AsyncDisposableStack()
      const { dir } = (await listStages()).find(({ stage }) => stage === 3)!
      const stage = use.use(
        await startStage({
          stage: 3,
          engineUri: use.use(await leaseDatabase()).uri,
          cassandraUri: use.use(await leaseKeyspace()).uri,
          nats: use.use(await dedicatedNats({ users: await roleUsers(dir) })),
          processes: { guilds: 1 },
        }),
      )
      const plan = { sessions: SESSIONS, rounds: 2, messages: MESSAGES, settleMs: 5_000 }
      const { samples, bytesPerSession } = await resumeStorms(stage, plan, () => {})
      expect(bytesPerSession).not.toBeNaN()
      expect(samples).toHaveLength(plan.rounds)
      for (const {
        resumed,
        identified,
        expected,
        delivered,
        doubled,
        storeOperations,
      } of samples) {
        expect(resumed + identified).toBe(SESSIONS)
        expect(resumed).toBeGreaterThan(SESSIONS / 2)
        expect([expected, doubled]).toEqual([SESSIONS * MESSAGES, 0])
        if (identified === 0) expect(delivered).toBe(expected)
        // A guild that moves meanwhile, on a busy machine, is read once.
        expect(storeOperations).toBeLessThan(SESSIONS / 2)
      }
    },
  )

  it('states whether an idle session takes no more memory than it should', () => {
    const sample = {
      seconds: 2,
      resumed: 9,
      identified: 1,
      expected: 40,
      delivered: 39,
      doubled: 2,
      storeOperations: 3,
    }
    const { rows, findings } = describeResume({ samples: [sample], bytesPerSession: 25 * 1_024 })
    expect(rows).toEqual([['1', '2.0', '9', '1', '97.50%', '2', '3']])
    expect(findings[0]).toMatch(/^10 sockets are cut at once, and 5 sessions a second/)
    expect(findings[1]).toContain('25.0 KiB')
    expect(findings[1]).toContain('missed')
  })
})
