import process, { stderr } from 'node:process'
import { testClients } from '@threshold/conformance/clients'
import type { StageProcess } from '@threshold/engines'
import { allTests } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { stageStarter } from './stage.ts'

const KILL_EVERY_MS = 10_000

if (allTests()) testWithKills()
else
  describe('stage 3 as client libraries see it, with its guild hosts killed', () => {
    it.skip('works: npm test -- --all', () => {})
  })

function testWithKills(): void {
  const use = new AsyncDisposableStack()
  let stage: StageProcess
  beforeAll(async () => {
    stage = await (await stageStarter(use))({ guilds: 2 })
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

  testClients('stage 3, a guild host of which is killed every ten seconds', {
    baseUrl: () => stage.url,
    onProgress: ({ text }) => stderr.write(`clients: ${text}\n`),
  })
}
