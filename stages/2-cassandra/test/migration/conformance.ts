import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { startStage } from '@threshold/engines'
import type { Phase } from '@threshold/migration'
import { afterAll, beforeAll, describe } from 'vitest'
import { openFixture } from './fixture.ts'

/** Tests the whole contract while messages move. Four processes follow the same move. */
export function testConformanceIn(phase: Phase): void {
  describe(`in phase ${phase}`, () => {
    const use = new AsyncDisposableStack()
    const stages = conformanceStages()
    beforeAll(async () => {
      const fixture = await openFixture(use)
      await fixture.enter(phase)
      const { mongodb: engineUri, cassandra: cassandraUri } = fixture.uris
      await stages.start(async (env) =>
        use.use(await startStage({ stage: 2, engineUri, cassandraUri, env })),
      )
    })
    afterAll(() => use.disposeAsync())
    testConformance(`stage 2 in phase ${phase}`, { ...stages.options, capabilities: [] })
  })
}
