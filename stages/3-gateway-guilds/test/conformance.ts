import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { afterAll, beforeAll } from 'vitest'
import { stageStarter } from './stage.ts'

/** Short, so that the case of an expired session need not wait long. */
const SESSION_MS = 10_000
/** Further processes beside the first stage, on the same NATS. Its hosts own their guilds too. */
const BESIDE = { guilds: 0, notifications: 0, search: 0, voice: 0 }

export function testStage3(name: string, processes: Record<string, number>): void {
  const use = new AsyncDisposableStack()
  const stages = conformanceStages()
  beforeAll(async () => {
    const start = await stageStarter(use)
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
