import type { ApiResponse } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectTrue } from '../../expect.ts'

const number = (answer: ApiResponse, header: string): number => {
  const text = answer.headers.get(header)
  expectTrue(text !== null && /^[0-9]+(\.[0-9]+)?$/.test(text), `${header} is a number`, text)
  return Number(text)
}

/** Uses a route up. Its limit is read from its own headers, since limits are configuration. */
async function exhaust(
  call: () => Promise<ApiResponse>,
): Promise<{ answered: number; refused: ApiResponse; limit: number }> {
  const first = await call()
  const limit = number(first, 'x-ratelimit-limit')
  expectTrue(limit <= 200, 'the limited stage has a limit that a test can reach', limit)
  for (let answered = 1; answered <= limit * 3; answered++) {
    const answer = await call()
    if (answer.status === 429) return { answered, refused: answer, limit }
    expectTrue(answer.status < 300, 'below the limit requests succeed', answer.status)
  }
  throw new Error(`after ${limit * 3} requests with a limit of ${limit} none was refused`)
}

export const limitCases: readonly Case[] = [
  {
    id: 'rest.rate.headers',
    title: 'Answers tell the limit, what is left of it and when it starts anew',
    covers: ['limits'],
    async run(fixture) {
      const guild = await fixture.guild()
      const call = (): Promise<ApiResponse> =>
        guild.owner.api.request('GET', `/channels/${guild.textId}/messages?limit=1`)
      const [first, second] = [await call(), await call()]
      for (const answer of [first, second]) {
        const [limit, remaining] = [
          number(answer, 'x-ratelimit-limit'),
          number(answer, 'x-ratelimit-remaining'),
        ]
        expectTrue(remaining < limit, 'less is left than the whole', { limit, remaining })
        const after = number(answer, 'x-ratelimit-reset-after')
        const reset = number(answer, 'x-ratelimit-reset')
        const now = Date.now() / 1_000
        expectTrue(
          Math.abs(reset - (now + after)) < 60,
          'the reset is a time in seconds, `reset-after` from now',
          { reset, after, now },
        )
        expectTrue(
          (answer.headers.get('x-ratelimit-bucket') ?? '').length > 0,
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
    title: 'A refused request counts, and its answer tells the limit too',
    covers: ['limits'],
    async run(fixture) {
      const ada = await fixture.user()
      const answer = await ada.api.request('POST', '/guilds', {})
      expectEqual(answer.status, 400, 'a form without a name')
      number(answer, 'x-ratelimit-limit')
      number(answer, 'x-ratelimit-remaining')
    },
  },
  {
    id: 'rest.rate.counts-down',
    title:
      'Each request leaves one less, until 429 says how long to wait; after that requests succeed again',
    covers: ['limits'],
    async run(fixture) {
      const ada = await fixture.user('ada', fixture.limitedUrl)
      const { refused, answered, limit } = await exhaust(() => ada.api.request('GET', '/users/@me'))
      expectTrue(answered >= limit, 'as many requests as the limit says are answered', {
        answered,
        limit,
      })
      const body = refused.body as {
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
        '429 says after how many seconds',
        body,
      )
      expectEqual(number(refused, 'x-ratelimit-remaining'), 0, 'what is left')
      expectTrue(
        number(refused, 'retry-after') >= Math.floor(body.retry_after as number),
        'Retry-After is not shorter',
        refused.headers.get('retry-after'),
      )
      expectEqual(
        refused.headers.get('content-type'),
        'application/json',
        'the content type of 429',
      )
      await fixture.eventually(
        'after the wait requests succeed',
        () => ada.api.request('GET', '/users/@me'),
        (answer) => answer.status === 200,
      )
    },
  },
  {
    id: 'rest.rate.of-one-user',
    title:
      'One user’s limit is nobody else’s, and 429 says `Via`, without which discord.py and JDA raise it instead of waiting',
    covers: ['limits'],
    async run(fixture) {
      const [ada, bob] = [
        await fixture.user('ada', fixture.limitedUrl),
        await fixture.user('bob', fixture.limitedUrl),
      ]
      const { refused } = await exhaust(() => ada.api.request('GET', '/users/@me'))
      expectTrue(
        /^1\.1 \S+/.test(refused.headers.get('via') ?? ''),
        '429 says through whom it came',
        refused.headers.get('via'),
      )
      expectEqual((await bob.api.request('GET', '/users/@me')).status, 200, 'another user')
    },
  },
]
