import { tokens } from '@threshold/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Fixture, type StageUnderTest, startStageUnderTest } from './abuse/fixture.ts'
import { expectValidAnswer, send } from './abuse/http.ts'
import { openRaw } from './abuse/raw.ts'
import { INTENTS, identify } from './abuse/session.ts'

const SECRET = 'the secret of this suite and of nothing else'

let underTest: StageUnderTest
let fixture: Fixture

beforeAll(async () => {
  underTest = await startStageUnderTest({ THRESHOLD_TOKEN_SECRET: SECRET })
  fixture = await underTest.createFixture()
})
afterAll(async () => await underTest?.[Symbol.asyncDispose]())

/** Invalid tokens, each of a kind that an attacker might try. */
function badTokens(): Record<string, string> {
  const [user = '', time = '', signature = ''] = fixture.token.split('.')
  const now = Date.now()
  return {
    garbage: 'garbage',
    'three empty parts': '..',
    "another stage's": tokens('the secret of some other stage').issue(fixture.user, now),
    'another user with my signature': `${Buffer.from(fixture.stranger).toString('base64url')}.${time}.${signature}`,
    'another time with my signature': `${user}.${(Math.floor(now / 1_000) + 9_999).toString(36)}.${signature}`,
    'a truncated signature': fixture.token.slice(0, -1),
    'a signature with a suffix': `${fixture.token}A`,
    'no signature': `${user}.${time}.`,
    'validly signed, but without a user id': tokens(SECRET).issue('{"$gt":""}', now),
    'validly signed, for a user who does not exist': tokens(SECRET).issue('1', now),
    'very long': 'x'.repeat(7_000),
    'a JSON Web Token': 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
  }
}

describe('an invalid token', () => {
  it('is answered 401 with code 0 over REST', async () => {
    for (const [name, token] of Object.entries(badTokens())) {
      for (const path of ['/api/v10/users/@me', '/api/v9/users/@me', '/api/users/@me']) {
        const answer = await send(underTest.url, {
          method: 'GET',
          path,
          headers: { authorization: `Bot ${token}` },
        })
        expectValidAnswer(answer, name)
        expect([answer.status, JSON.parse(answer.text).code], name).toEqual([401, 0])
      }
    }
  })

  it('is answered 401 if a valid token is sent in another way than the contract says', async () => {
    const headers: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: fixture.token },
      { authorization: `Bearer ${fixture.token}` },
      { authorization: `bot ${fixture.token}` },
      { authorization: `Bot  ${fixture.token}` },
      { cookie: `token=${fixture.token}` },
      { 'x-authorization': `Bot ${fixture.token}` },
    ]
    for (const sent of headers) {
      const answer = await send(underTest.url, {
        method: 'GET',
        path: `/api/v10/users/@me?token=${fixture.token}`,
        headers: sent,
      })
      expectValidAnswer(answer, sent)
      expect(answer.status, JSON.stringify(sent)).toBe(401)
    }
    expect((await fixture.call('GET', '/users/@me')).status).toBe(200)
  })

  it('reveals nothing: unknown and existing items are answered 401 alike', async () => {
    const paths = [
      `/guilds/${fixture.guild}`,
      '/guilds/1',
      `/channels/${fixture.channel}/messages`,
      '/channels/1/messages',
      `/invites/${fixture.invite}`,
      '/invites/x',
    ]
    const answers = await Promise.all(
      paths.map((path) => send(underTest.url, { method: 'GET', path: `/api/v10${path}` })),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  })

  it("is answered 50025 where another user's token is required as consent", async () => {
    for (const [name, access_token] of Object.entries(badTokens())) {
      const answer = await fixture.call(
        'PUT',
        `/guilds/${fixture.guild}/members/${fixture.stranger}`,
        {
          access_token,
        },
      )
      expectValidAnswer(answer, name)
      expect(answer.status, name).toBeGreaterThanOrEqual(400)
    }
    const ownToken = await fixture.call(
      'PUT',
      `/guilds/${fixture.guild}/members/${fixture.stranger}`,
      {
        access_token: fixture.token,
      },
    )
    expect([ownToken.status, JSON.parse(ownToken.text).code]).toEqual([403, 50_025])
  })

  it('closes the gateway socket with 4004, or with 4002 if it is not a string', async () => {
    for (const [name, token] of Object.entries(badTokens()).filter(
      ([, { length }]) => length < 4_000,
    )) {
      const raw = await openRaw(underTest.gatewayUrl)
      raw.send(identify(token))
      expect(await raw.closed, name).toBe(token.length > 512 ? 4_002 : 4_004)
    }
    for (const token of [1, null, {}, [], { $gt: '' }]) {
      const raw = await openRaw(underTest.gatewayUrl)
      raw.send({ op: 2, d: { token, intents: INTENTS, properties: {} } })
      expect(await raw.closed, JSON.stringify(token)).toBe(4_002)
    }
  })
})
