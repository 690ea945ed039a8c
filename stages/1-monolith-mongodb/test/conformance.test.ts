import { testConformance } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'

const use = new AsyncDisposableStack()
const stages: Partial<Record<'plain' | 'limited' | 'closed' | 'published', StageProcess>> = {}

beforeAll(async () => {
  const { uri } = use.use(await leaseDatabase())
  const start = async (env: Record<string, string> = {}) =>
    use.use(
      await startStage({
        stage: 1,
        engineUri: uri,
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

testConformance('stage 1', {
  baseUrl: () => stages.plain!.url,
  limitedUrl: () => stages.limited!.url,
  closedUrl: () => stages.closed!.url,
  published: () => ({ baseUrl: stages.published!.url, gatewayUrl: 'wss://chat.example:8443' }),
  heartbeatMs: 5_000,
  // Stage 1 keeps no session: the cases of RESUME check that it is refused.
  capabilities: [],
})
