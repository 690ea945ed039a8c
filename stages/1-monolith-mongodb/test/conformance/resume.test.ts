import { allCases, failureOf, runCase, type Target } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Mishap, resumingStage } from './resuming-stage.ts'

const use = new AsyncDisposableStack()
let stage: StageProcess
beforeAll(async () => {
  const { uri } = use.use(await leaseDatabase())
  stage = use.use(await startStage({ stage: 1, engineUri: uri }))
})
afterAll(() => use.disposeAsync())

/** Longer than any case takes, but for the one that waits for its end. */
const KEPT_MS = 120_000
const EXPIRES_MS = 1_500
const cases = allCases.filter((one) => one.id.startsWith('gateway.resume.'))
const replay = cases.find((one) => one.id === 'gateway.resume.replay')!
const targetAt = (baseUrl: string, resume: boolean, sessionMs = KEPT_MS): Target => ({
  baseUrl,
  sessionMs,
  capabilities: new Set(resume ? ['resume'] : []),
})

const MISHAPS: Readonly<Record<string, Mishap>> = {
  'one is lost': (frames) => frames.filter((_, i) => i !== 3),
  'one comes twice': (frames) => frames.flatMap((frame, i) => (i === 3 ? [frame, frame] : [frame])),
  'two change places': (frames) => [frames[1]!, frames[0]!, ...frames.slice(2)],
  'RESUMED comes first': (frames) => [frames.at(-1)!, ...frames.slice(0, -1)],
  'RESUMED holds nothing': (frames) =>
    frames.map((frame) => (frame.t === 'RESUMED' ? { ...frame, d: null } : frame)),
  'nothing is replayed': (frames) => frames.slice(-1),
  'RESUMED does not come': (frames) => frames.slice(0, -1),
}

describe.concurrent('where sessions are kept', { timeout: 120_000 }, () => {
  for (const one of cases) {
    it(`${one.id} passes`, async () => {
      const sessionMs = one.id === 'gateway.resume.expired' ? EXPIRES_MS : KEPT_MS
      await using resuming = await resumingStage(stage.url, { sessionMs })
      expect(
        failureOf(one, await runCase(one, targetAt(resuming.url, true, sessionMs)), undefined),
      ).toBeUndefined()
    })
  }

  for (const [name, mishap] of Object.entries(MISHAPS)) {
    it.runIf(allTests())(`it is noticed when ${name}`, async () => {
      await using resuming = await resumingStage(stage.url, { sessionMs: KEPT_MS, mishap })
      expect((await runCase(replay, targetAt(resuming.url, true))).kind).toBe('failed')
    })
  }

  it.runIf(allTests())('it is noticed when nobody said that they are', async () => {
    await using resuming = await resumingStage(stage.url, { sessionMs: KEPT_MS })
    expect((await runCase(replay, targetAt(resuming.url, false))).kind).toBe('failed')
  })
})

it('where sessions are not kept, it is noticed when somebody says that they are', async () => {
  expect((await runCase(replay, targetAt(stage.url, true))).kind).toBe('failed')
}, 60_000)
