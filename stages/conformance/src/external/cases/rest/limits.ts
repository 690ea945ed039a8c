import type { Case } from '../../case.ts'
import { holds, same } from '../../expect.ts'
import type { Answer } from '../../rest.ts'

const number = (answer: Answer, header: string): number => {
  const text = answer.headers.get(header)
  holds(text !== null && /^[0-9]+(\.[0-9]+)?$/.test(text), `${header} is a number`, text)
  return Number(text)
}

/** Uses a route up. Its limit is read from its own headers, since limits are configuration. */
async function exhaust(
  call: () => Promise<Answer>,
): Promise<{ answered: number; refused: Answer; limit: number }> {
  const first = await call()
  const limit = number(first, 'x-ratelimit-limit')
  holds(limit <= 200, 'the limited stage has a limit that a test can reach', limit)
  for (let answered = 1; answered <= limit * 3; answered++) {
    const answer = await call()
    if (answer.status === 429) return { answered, refused: answer, limit }
    holds(answer.status < 300, 'below the limit requests succeed', answer.status)
  }
  throw new Error(`after ${limit * 3} requests with a limit of ${limit} none was refused`)
}

export const limitCases: readonly Case[] = [
  {
    id: 'rest.rate.headers',
    sentence: 'Answers tell the limit, what is left of it and when it starts anew',
    async run(world) {
      const guild = await world.guild()
      const call = (): Promise<Answer> =>
        guild.owner.api.call('GET', `/channels/${guild.text}/messages?limit=1`)
      const [first, second] = [await call(), await call()]
      for (const answer of [first, second]) {
        const [limit, remaining] = [
          number(answer, 'x-ratelimit-limit'),
          number(answer, 'x-ratelimit-remaining'),
        ]
        holds(remaining < limit, 'less is left than the whole', { limit, remaining })
        const after = number(answer, 'x-ratelimit-reset-after')
        const reset = number(answer, 'x-ratelimit-reset')
        const now = Date.now() / 1_000
        holds(
          Math.abs(reset - (now + after)) < 60,
          'the reset is a time in seconds, `reset-after` from now',
          { reset, after, now },
        )
        holds((answer.headers.get('x-ratelimit-bucket') ?? '').length > 0, 'the bucket has a name')
      }
      same(
        first.headers.get('x-ratelimit-bucket'),
        second.headers.get('x-ratelimit-bucket'),
        'the bucket',
      )
    },
  },
  {
    id: 'rest.rate.headers-on-refusals',
    sentence: 'A refused request counts, and its answer tells the limit too',
    async run(world) {
      const ada = await world.user()
      const answer = await ada.api.call('POST', '/guilds', {})
      same(answer.status, 400, 'a form without a name')
      number(answer, 'x-ratelimit-limit')
      number(answer, 'x-ratelimit-remaining')
    },
  },
  {
    id: 'rest.rate.counts-down',
    sentence:
      'Each request leaves one less, until 429 says how long to wait; after that requests succeed again',
    async run(world) {
      const ada = await world.user('ada', world.limited)
      const { refused, answered, limit } = await exhaust(() => ada.api.call('GET', '/users/@me'))
      holds(answered >= limit, 'as many requests as the limit says are answered', {
        answered,
        limit,
      })
      const body = refused.body as {
        message?: unknown
        code?: unknown
        retry_after?: unknown
        global?: unknown
      }
      holds(
        typeof body.message === 'string' && typeof body.global === 'boolean',
        '429 has a message and says whether it is global',
        body,
      )
      holds(typeof body.code === 'number', '429 has a code', body)
      holds(
        typeof body.retry_after === 'number' && body.retry_after > 0 && body.retry_after < 120,
        '429 says after how many seconds',
        body,
      )
      same(number(refused, 'x-ratelimit-remaining'), 0, 'what is left')
      holds(
        number(refused, 'retry-after') >= Math.floor(body.retry_after as number),
        'Retry-After is not shorter',
        refused.headers.get('retry-after'),
      )
      same(refused.headers.get('content-type'), 'application/json', 'the content type of 429')
      await world.eventually(
        'after the wait requests succeed',
        () => ada.api.call('GET', '/users/@me'),
        (answer) => answer.status === 200,
      )
    },
  },
  {
    id: 'rest.rate.of-one-user',
    sentence:
      'One user’s limit is nobody else’s, and 429 says `Via`, without which discord.py and JDA raise it instead of waiting',
    async run(world) {
      const [ada, bob] = [
        await world.user('ada', world.limited),
        await world.user('bob', world.limited),
      ]
      const { refused } = await exhaust(() => ada.api.call('GET', '/users/@me'))
      holds(
        /^1\.1 \S+/.test(refused.headers.get('via') ?? ''),
        '429 says through whom it came',
        refused.headers.get('via'),
      )
      same((await bob.api.call('GET', '/users/@me')).status, 200, 'another user')
    },
  },
]
