import { allCases, failureOf, runCase, type Target } from '@threshold/conformance/external'
import { type StageProcess, startStage } from '@threshold/engines'
import { allTests, leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ReplayFlaw, resumingStage } from './resuming-stage.ts'

const use = new AsyncDisposableStack()
let stage: StageProcess
beforeAll(async () => {
  const { uri } = use.use(await leaseDatabase())
  stage = use.use(await startStage({ stage: 1, engineUri: uri }))
})
afterAll(() => use.disposeAsync())

/** Longer than any case takes, except the one that waits for a session to expire. */
const SESSION_MS = 120_000
const EXPIRING_MS = 1_500
const cases = allCases.filter((each) => each.id.startsWith('gateway.resume.'))
const replay = cases.find((each) => each.id === 'gateway.resume.replay')!
const targetAt = (baseUrl: string, resume: boolean, sessionMs = SESSION_MS): Target => ({
  baseUrl,
  sessionMs,
  capabilities: new Set(resume ? ['resume'] : []),
})

const FLAWS: Readonly<Record<string, ReplayFlaw>> = {
  'a lost event': (frames) => frames.filter((_, i) => i !== 3),
  'a duplicated event': (frames) =>
    frames.flatMap((frame, i) => (i === 3 ? [frame, frame] : [frame])),
  'swapped events': (frames) => [frames[1]!, frames[0]!, ...frames.slice(2)],
  'RESUMED before the events': (frames) => [frames.at(-1)!, ...frames.slice(0, -1)],
  'RESUMED with null data': (frames) =>
    frames.map((frame) => (frame.t === 'RESUMED' ? { ...frame, d: null } : frame)),
  'no replay': (frames) => frames.slice(-1),
  'no RESUMED': (frames) => frames.slice(0, -1),
}

describe.concurrent('on a stage that keeps sessions', { timeout: 120_000 }, () => {
  for (const testCase of cases) {
    it(`${testCase.id} passes`, async () => {
      const sessionMs = testCase.id === 'gateway.resume.expired' ? EXPIRING_MS : SESSION_MS
      await using resuming = await resumingStage(stage.url, { sessionMs })
      const outcome = await runCase(testCase, targetAt(resuming.url, true, sessionMs))
      expect(failureOf(testCase, outcome, undefined)).toBeUndefined()
    })
  }

  for (const [name, flaw] of Object.entries(FLAWS)) {
    it.runIf(allTests())(`the replay case notices ${name}`, async () => {
      await using resuming = await resumingStage(stage.url, { sessionMs: SESSION_MS, flaw })
      expect((await runCase(replay, targetAt(resuming.url, true))).kind).toBe('failed')
    })
  }

  it.runIf(allTests())('the replay case fails if the capability is not declared', async () => {
    await using resuming = await resumingStage(stage.url, { sessionMs: SESSION_MS })
    expect((await runCase(replay, targetAt(resuming.url, false))).kind).toBe('failed')
  })
})

it('the replay case fails on a stage that declares the capability without having it', async () => {
  expect((await runCase(replay, targetAt(stage.url, true))).kind).toBe('failed')
}, 60_000)
