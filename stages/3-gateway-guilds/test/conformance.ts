import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { afterAll, beforeAll } from 'vitest'
import { type SearchAdapter, stageStarter } from './stage.ts'

/** One case waits for its end, and another sends twenty messages within it on a busy machine. */
const SESSION_MS = 20_000
/** Further processes beside the first stage, on the same NATS. Its hosts own their guilds too. */
const BESIDE = { guilds: 0, notifications: 0, search: 0, voice: 0 }

export function testStage3(
  name: string,
  processes: Record<string, number>,
  search: SearchAdapter = 'SQLite',
): void {
  const use = new AsyncDisposableStack()
  const stages = conformanceStages()
  beforeAll(async () => {
    const start = await stageStarter(use, search)
    let next = processes
    await stages.start(async (env) => {
      const stage = await start(next, { ...env, THRESHOLD_SESSION_MS: String(SESSION_MS) })
      next = BESIDE
      return stage
    })
  }, 120_000)
  afterAll(() => use.disposeAsync())

  testConformance(name, {
    ...stages.options,
    capabilities: ['resume'],
    sessionMs: SESSION_MS,
  })
}
