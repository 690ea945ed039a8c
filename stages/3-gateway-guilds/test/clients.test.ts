import process, { stderr } from 'node:process'
import { testClients } from '@threshold/conformance/clients'
import type { StageProcess } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { stageStarter } from './stage.ts'

/** The guilds of a host that is killed have no owner for up to four seconds. */
const KILL_EVERY_MS = 10_000

if (allTests()) {
  testStage('stage 3')
  testStage('stage 3, a guild host of which is killed every ten seconds', { kills: true })
} else
  describe('stage 3 as client libraries see it', () => {
    it.skip('works: npm test -- --all', () => {})
  })

function testStage(name: string, { kills = false } = {}): void {
  const use = new AsyncDisposableStack()
  let stage: StageProcess
  beforeAll(async () => {
    stage = await (await stageStarter(use))({ guilds: 2 })
    if (!kills) return
    const hosts = stage.roles.filter(({ role }) => role === 'guilds')
    let next = 0
    const timer = setInterval(() => {
      const { pid } = hosts[next % hosts.length]!
      next += 1
      stderr.write(`clients: killing guild host ${pid}\n`)
      process.kill(pid, 'SIGKILL')
    }, KILL_EVERY_MS)
    use.defer(() => clearInterval(timer))
  }, 120_000)
  afterAll(() => use.disposeAsync())

  testClients(name, {
    baseUrl: () => stage.url,
    capabilities: ['resume'],
    onProgress: ({ text }) => stderr.write(`clients: ${text}\n`),
  })
}
