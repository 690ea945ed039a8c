import type { ApiResponse } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'

const numericHeader = (response: ApiResponse, header: string): number => {
  const text = response.headers.get(header)
  expectTrue(text !== null && /^[0-9]+(\.[0-9]+)?$/.test(text), `${header} is a number`, text)
  return Number(text)
}

/**
 * Sends requests until one is answered 429. The limit is configurable, so it is read from the
 * response headers.
 */
async function exhaust(
  send: () => Promise<ApiResponse>,
): Promise<{ answered: number; rejected: ApiResponse; limit: number }> {
  const first = await send()
  const limit = numericHeader(first, 'x-ratelimit-limit')
  expectTrue(limit <= 200, 'the limited stage has a limit that a test can reach', limit)
  for (let answered = 1; answered <= limit * 3; answered++) {
    const response = await send()
    if (response.status === 429) return { answered, rejected: response, limit }
    expectTrue(response.status < 300, 'below the limit requests succeed', response.status)
  }
  throw new Error(`after ${limit * 3} requests with a limit of ${limit} none was refused`)
}

export const limitCases: readonly Case[] = [
  {
    id: 'rest.rate.headers',
    title: 'Responses have the limit, the remaining requests and the time of the reset',
    covers: ['limits'],
    async run(fixture) {
      const guild = await fixture.guild()
      const send = (): Promise<ApiResponse> =>
        guild.owner.api.request('GET', `/channels/${guild.textChannelId}/messages?limit=1`)
      const [first, second] = [await send(), await send()]
      for (const response of [first, second]) {
        const [limit, remaining] = [
          numericHeader(response, 'x-ratelimit-limit'),
          numericHeader(response, 'x-ratelimit-remaining'),
        ]
        expectTrue(remaining < limit, 'remaining is less than the limit', { limit, remaining })
        const after = numericHeader(response, 'x-ratelimit-reset-after')
        const reset = numericHeader(response, 'x-ratelimit-reset')
        const now = Date.now() / 1_000
        expectTrue(
          Math.abs(reset - (now + after)) < 60,
          'the reset is a time in seconds, `reset-after` from now',
          { reset, after, now },
        )
        expectTrue(
          (response.headers.get('x-ratelimit-bucket') ?? '').length > 0,
          'the bucket has a name',
        )
      }
      expectEqual(
        first.headers.get('x-ratelimit-bucket'),
        second.headers.get('x-ratelimit-bucket'),
        'the bucket',
      )
    },
  },
  {
    id: 'rest.rate.headers-on-refusals',
    title: 'A refused request counts, and its answer has the rate limit headers too',
    covers: ['limits'],
    async run(fixture) {
      const ada = await fixture.user()
      const response = await ada.api.request('POST', '/guilds', {})
      expectEqual(response.status, 400, 'a form without a name')
      numericHeader(response, 'x-ratelimit-limit')
      numericHeader(response, 'x-ratelimit-remaining')
    },
  },
  {
    id: 'rest.rate.counts-down',
    title:
      'Each request lowers the remaining limit until 429 says how long to wait; after that ' +
      'requests succeed again',
    covers: ['limits'],
    async run(fixture) {
      const ada = await fixture.user('ada', fixture.limitedUrl)
      const { rejected, answered, limit } = await exhaust(() =>
        ada.api.request('GET', '/users/@me'),
      )
      expectTrue(answered >= limit, 'the number of answered requests reaches the limit', {
        answered,
        limit,
      })
      const body = rejected.body as {
        message?: unknown
        code?: unknown
        retry_after?: unknown
        global?: unknown
      }
      expectTrue(
        typeof body.message === 'string' && typeof body.global === 'boolean',
        '429 has a message and says whether it is global',
        body,
      )
      expectTrue(typeof body.code === 'number', '429 has a code', body)
      expectTrue(
        typeof body.retry_after === 'number' && body.retry_after > 0 && body.retry_after < 120,
        '429 has retry_after in seconds',
        body,
      )
      expectEqual(numericHeader(rejected, 'x-ratelimit-remaining'), 0, 'what remains')
      expectTrue(
        numericHeader(rejected, 'retry-after') >= Math.floor(body.retry_after as number),
        'Retry-After is not shorter',
        rejected.headers.get('retry-after'),
      )
      expectEqual(
        rejected.headers.get('content-type'),
        'application/json',
        'the content type of 429',
      )
      await fixture.eventually(
        'after the wait requests succeed',
        () => ada.api.request('GET', '/users/@me'),
        (response) => response.status === 200,
      )
    },
  },
  {
    id: 'rest.rate.of-one-user',
    title:
      'One user’s limit does not affect another, and 429 has `Via`, without which discord.py ' +
      'and JDA raise an error',
    covers: ['limits', 'bites.via'],
    async run(fixture) {
      const [ada, bob] = [
        await fixture.user('ada', fixture.limitedUrl),
        await fixture.user('bob', fixture.limitedUrl),
      ]
      const { rejected } = await exhaust(() => ada.api.request('GET', '/users/@me'))
      expectTrue(
        /^1\.1 \S+/.test(rejected.headers.get('via') ?? ''),
        '429 has a Via header',
        rejected.headers.get('via'),
      )
      expectEqual((await bob.api.request('GET', '/users/@me')).status, 200, 'another user')
    },
  },
]
