import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { as, isProper, send } from './abuse/http.ts'
import { hostileRequest } from './abuse/requests.ts'
import { ROUTES } from './abuse/routes.ts'
import { type AbusedStage, abusedStage } from './abuse/world.ts'

/** Requests under way at once: enough to be quick, few enough to tell which one did it. */
const AT_ONCE = 8
/** Each with the same draw every time; a longer hunt is a larger number. */
const ROUNDS = 10
const EACH = 80

let abused: AbusedStage

beforeAll(async () => {
  abused = await abusedStage()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

describe('input from somebody who means no good', () => {
  it(`gets a proper answer on every route, whatever is in path, query and body (${ROUTES.length} routes)`, {
    timeout: 240_000,
  }, async () => {
    const seen = new Map<string, number>()
    // Drawn in rounds: a round may well delete the guild it plays in, so each has its own.
    for (let seed = 1; seed <= ROUNDS; seed++) {
      const world = await abused.world()
      const requests = fc.sample(hostileRequest(world), { seed, numRuns: EACH })
      for (let at = 0; at < requests.length; at += AT_ONCE) {
        await Promise.all(
          requests.slice(at, at + AT_ONCE).map(async (asked) => {
            const { by, method, path, body } = asked
            const answer = path.startsWith('/workshop')
              ? await send(abused.url, {
                  method,
                  path,
                  headers: { 'content-type': 'application/json' },
                  body: JSON.stringify(body ?? null),
                })
              : await as(abused.url, by === 'owner' ? world.token : world.strangerToken)(
                  method,
                  path,
                  body === undefined ? undefined : JSON.stringify(body),
                )
            isProper(answer, asked)
            const kind = answer.status < 300 ? 'done' : String(answer.status)
            seen.set(kind, (seen.get(kind) ?? 0) + 1)
          }),
        )
      }
    }
    // The draw is worth something only if it gets past the doors, and is turned away at each of
    // them.
    for (const kind of ['done', '400', '403', '404'])
      expect(seen.get(kind) ?? 0, kind).toBeGreaterThan(20)
    expect(abused.stage.exitReason()).toBeUndefined()
    const { ask, channel } = await abused.world()
    expect(
      (await ask('POST', `/channels/${channel}/messages`, { content: 'still here' })).status,
    ).toBe(200)
  })
})
