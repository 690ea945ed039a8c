import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { apiAs, expectValidAnswer, send } from './abuse/http.ts'
import { hostileRequest } from './abuse/requests.ts'
import { ROUTES } from './abuse/routes.ts'

/** Concurrent requests: enough to be fast, and few enough to find the one that caused a failure. */
const CONCURRENCY = 8
/** Every run has the same seeds. More rounds find more. */
const ROUNDS = 10
const REQUESTS_PER_ROUND = 80

let underTest: StageUnderTest

beforeAll(async () => {
  underTest = await startStageUnderTest()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

describe('hostile input', () => {
  it(`gets a valid answer on all ${ROUTES.length} routes`, {
    timeout: 240_000,
  }, async () => {
    const outcomes = new Map<string, number>()
    // A round may delete its guild, so each has a guild of its own.
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const fixture = await underTest.createFixture()
      const requests = fc.sample(hostileRequest(fixture), { seed, numRuns: REQUESTS_PER_ROUND })
      for (let at = 0; at < requests.length; at += CONCURRENCY) {
        await Promise.all(
          requests.slice(at, at + CONCURRENCY).map(async (hostile) => {
            const { by, method, path, body } = hostile
            const answer = path.startsWith('/workshop')
              ? await send(underTest.url, {
                  method,
                  path,
                  headers: { 'content-type': 'application/json' },
                  body: JSON.stringify(body ?? null),
                })
              : await apiAs(underTest.url, by === 'owner' ? fixture.token : fixture.strangerToken)(
                  method,
                  path,
                  body === undefined ? undefined : JSON.stringify(body),
                )
            expectValidAnswer(answer, hostile)
            const kind = answer.status < 300 ? 'done' : String(answer.status)
            outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1)
          }),
        )
      }
    }
    // The requests test something only if many of them succeed, and others fail at each check.
    for (const kind of ['done', '400', '403', '404'])
      expect(outcomes.get(kind) ?? 0, kind).toBeGreaterThan(20)
    expect(underTest.stage.exitReason()).toBeUndefined()
    const { call, channel } = await underTest.createFixture()
    expect(
      (await call('POST', `/channels/${channel}/messages`, { content: 'still here' })).status,
    ).toBe(200)
  })
})
