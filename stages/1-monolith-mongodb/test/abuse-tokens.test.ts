import { tokens } from '@threshold/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isProper, send } from './abuse/http.ts'
import { openRaw } from './abuse/raw.ts'
import { INTENTS, identify } from './abuse/session.ts'
import { type AbusedStage, abusedStage, type World } from './abuse/world.ts'

const SECRET = 'the secret of this suite and of nothing else'

let abused: AbusedStage
let world: World

beforeAll(async () => {
  abused = await abusedStage({ THRESHOLD_TOKEN_SECRET: SECRET })
  world = await abused.world()
})
afterAll(async () => await abused?.[Symbol.asyncDispose]())

/** What is no token of this stage, each by a way somebody might try. */
function badTokens(): Record<string, string> {
  const [user = '', time = '', signature = ''] = world.token.split('.')
  const now = Date.now()
  return {
    garbage: 'garbage',
    'three empty parts': '..',
    "another stage's": tokens('the secret of some other stage').issue(world.user, now),
    'another user under a signature of mine': `${Buffer.from(world.stranger).toString('base64url')}.${time}.${signature}`,
    'another time under my signature': `${user}.${(Math.floor(now / 1_000) + 9_999).toString(36)}.${signature}`,
    'a signature cut short': world.token.slice(0, -1),
    'a signature with more': `${world.token}A`,
    'no signature': `${user}.${time}.`,
    'signed, but for no user id': tokens(SECRET).issue('{"$gt":""}', now),
    'signed, but for a user who does not exist': tokens(SECRET).issue('1', now),
    'very long': 'x'.repeat(7_000),
    'a JSON Web Token': 'eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.',
  }
}

describe('a token that is none', () => {
  it('is 401 with code 0 over REST, whatever is wrong with it', async () => {
    for (const [what, token] of Object.entries(badTokens())) {
      for (const path of ['/api/v10/users/@me', '/api/v9/users/@me', '/api/users/@me']) {
        const answer = await send(abused.url, {
          method: 'GET',
          path,
          headers: { authorization: `Bot ${token}` },
        })
        isProper(answer, what)
        expect([answer.status, JSON.parse(answer.text).code], what).toEqual([401, 0])
      }
    }
  })

  it('is 401 when it comes in another way than the contract says', async () => {
    const headers: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: world.token },
      { authorization: `Bearer ${world.token}` },
      { authorization: `bot ${world.token}` },
      { authorization: `Bot  ${world.token}` },
      { cookie: `token=${world.token}` },
      { 'x-authorization': `Bot ${world.token}` },
    ]
    for (const given of headers) {
      const answer = await send(abused.url, {
        method: 'GET',
        path: `/api/v10/users/@me?token=${world.token}`,
        headers: given,
      })
      isProper(answer, given)
      expect(answer.status, JSON.stringify(given)).toBe(401)
    }
    expect((await world.ask('GET', '/users/@me')).status).toBe(200)
  })

  it('tells nothing of what is there: unknown and existing things are 401 alike', async () => {
    const paths = [
      `/guilds/${world.guild}`,
      '/guilds/1',
      `/channels/${world.channel}/messages`,
      '/channels/1/messages',
      `/invites/${world.invite}`,
      '/invites/x',
    ]
    const answers = await Promise.all(
      paths.map((path) => send(abused.url, { method: 'GET', path: `/api/v10${path}` })),
    )
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  })

  it("is 50025 where another person's consent is asked for", async () => {
    for (const [what, access_token] of Object.entries(badTokens())) {
      const answer = await world.ask('PUT', `/guilds/${world.guild}/members/${world.stranger}`, {
        access_token,
      })
      isProper(answer, what)
      expect(answer.status, what).toBeGreaterThanOrEqual(400)
    }
    const mine = await world.ask('PUT', `/guilds/${world.guild}/members/${world.stranger}`, {
      access_token: world.token,
    })
    expect([mine.status, JSON.parse(mine.text).code]).toEqual([403, 50_025])
  })

  it('closes the gateway with 4004, or with 4002 when it is not even a text', async () => {
    for (const [what, token] of Object.entries(badTokens()).filter(
      ([, { length }]) => length < 4_000,
    )) {
      const raw = await openRaw(abused.url)
      raw.send(identify(token))
      expect(await raw.closed, what).toBe(token.length > 512 ? 4_002 : 4_004)
    }
    for (const token of [1, null, {}, [], { $gt: '' }]) {
      const raw = await openRaw(abused.url)
      raw.send({ op: 2, d: { token, intents: INTENTS, properties: {} } })
      expect(await raw.closed, JSON.stringify(token)).toBe(4_002)
    }
  })
})
