import { testConformance } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { afterAll, beforeAll, describe } from 'vitest'
import type { Phase } from '../../src/migration/phases.ts'
import { openHouse } from './house.ts'

/** The whole contract of a stage whose messages are moving: three processes follow the same move. */
export function testConformanceIn(phase: Phase): void {
  describe(`in phase ${phase}`, () => {
    const use = new AsyncDisposableStack()
    const stages: Record<'plain' | 'limited' | 'closed', StageProcess | undefined> = {
      plain: undefined,
      limited: undefined,
      closed: undefined,
    }
    beforeAll(async () => {
      const house = await openHouse(use)
      await house.inPhase(phase)
      const { mongodb: engineUri, cassandra: cassandraUri } = house.uris
      const start = async (env: Record<string, string> = {}) => use.use(await startStage({ stage: 2, engineUri, cassandraUri, env }))
      stages.plain = await start()
      stages.limited = await start({ THRESHOLD_WORKER: '1', THRESHOLD_RATE_REQUESTS: '5', THRESHOLD_RATE_SECONDS: '2' })
      stages.closed = await start({ THRESHOLD_WORKER: '2', THRESHOLD_PROVISIONING: 'off' })
    })
    afterAll(() => use.disposeAsync())
    testConformance(`stage 2 in phase ${phase}`, {
      baseUrl: () => stages.plain!.url,
      limitedUrl: () => stages.limited!.url,
      closedUrl: () => stages.closed!.url,
      heartbeatMs: 2_000,
      capabilities: [],
    })
  })
}
