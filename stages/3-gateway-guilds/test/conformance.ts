import { conformanceStages, testConformance } from '@threshold/conformance/external'
import { afterAll, beforeAll } from 'vitest'
import { stageStarter } from './stage.ts'

/** Further processes beside the first stage, on the same NATS. Its hosts own their guilds too. */
const BESIDE = { guilds: 0, notifications: 0, search: 0, voice: 0 }

export function testStage3(name: string, processes: Record<string, number>): void {
  const use = new AsyncDisposableStack()
  const stages = conformanceStages()
  beforeAll(async () => {
    const start = await stageStarter(use)
    let next = processes
    await stages.start(async (env) => {
      const stage = await start(next, env)
      next = BESIDE
      return stage
    })
  }, 120_000)
  afterAll(() => use.disposeAsync())

  // Stage 3 keeps no session yet, like the stages before it.
  testConformance(name, { ...stages.options, capabilities: [] })
}
