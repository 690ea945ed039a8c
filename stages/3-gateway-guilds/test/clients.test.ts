import process, { stderr } from 'node:process'
import { testClients } from '@threshold/conformance/clients'
import type { StageProcess } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { stageStarter } from './stage.ts'

/**
 * With THRESHOLD_TEST_KILLS=1 a guild host is killed every ten seconds. The guilds of that host
 * have no owner for up to four seconds then. A library that connects meanwhile is ready without
 * them, so a step may fail for that reason alone.
 */
const KILLS = process.env.THRESHOLD_TEST_KILLS === '1'
const KILL_EVERY_MS = 10_000

if (allTests()) testStage()
else
  describe('stage 3 as client libraries see it', () => {
    it.skip('works: npm test -- --all', () => {})
  })

function testStage(): void {
  const use = new AsyncDisposableStack()
  let stage: StageProcess
  beforeAll(async () => {
    stage = await (await stageStarter(use))({ guilds: 2 })
    if (!KILLS) return
    const hosts = stage.roles.filter(({ role }) => role === 'guilds')
    let kills = 0
    const timer = setInterval(() => {
      const { pid } = hosts[kills % hosts.length]!
      kills += 1
      stderr.write(`clients: killing guild host ${pid}\n`)
      process.kill(pid, 'SIGKILL')
    }, KILL_EVERY_MS)
    use.defer(() => clearInterval(timer))
  }, 120_000)
  afterAll(() => use.disposeAsync())

  testClients(KILLS ? 'stage 3, a guild host of which is killed every ten seconds' : 'stage 3', {
    baseUrl: () => stage.url,
    onProgress: ({ text }) => stderr.write(`clients: ${text}\n`),
  })
}
