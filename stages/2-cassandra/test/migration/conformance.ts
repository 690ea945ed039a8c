import { testConformance } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import type { Phase } from '@threshold/migration'
import { afterAll, beforeAll, describe } from 'vitest'
import { openFixture } from './fixture.ts'

/** Tests the whole contract while messages move. Four processes follow the same move. */
export function testConformanceIn(phase: Phase): void {
  describe(`in phase ${phase}`, () => {
    const use = new AsyncDisposableStack()
    const stages: Partial<Record<'plain' | 'limited' | 'closed' | 'published', StageProcess>> = {}
    beforeAll(async () => {
      const fixture = await openFixture(use)
      await fixture.enter(phase)
      const { mongodb: engineUri, cassandra: cassandraUri } = fixture.uris
      const start = async (env: Record<string, string> = {}) =>
        use.use(
          await startStage({
            stage: 2,
            engineUri,
            cassandraUri,
            env: { THRESHOLD_HEARTBEAT_MS: '5000', ...env },
          }),
        )
      stages.plain = await start()
      stages.limited = await start({
        THRESHOLD_WORKER: '1',
        THRESHOLD_RATE_REQUESTS: '5',
        THRESHOLD_RATE_SECONDS: '2',
      })
      stages.closed = await start({ THRESHOLD_WORKER: '2', THRESHOLD_PROVISIONING: 'off' })
      stages.published = await start({
        THRESHOLD_WORKER: '3',
        THRESHOLD_PUBLIC_URL: 'https://chat.example:8443',
      })
    })
    afterAll(() => use.disposeAsync())
    testConformance(`stage 2 in phase ${phase}`, {
      baseUrl: () => stages.plain!.url,
      limitedUrl: () => stages.limited!.url,
      closedUrl: () => stages.closed!.url,
      published: () => ({ baseUrl: stages.published!.url, gatewayUrl: 'wss://chat.example:8443' }),
      heartbeatMs: 5_000,
      capabilities: [],
    })
  })
}
