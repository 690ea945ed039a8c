import { UNAUTHORIZED } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectTrue } from '../../expect.ts'

export const gatewayUrlCases: readonly Case[] = [
  {
    id: 'rest.gateway.url',
    title: '`GET /gateway` answers the gateway’s address without a token',
    covers: ['rest.route.gateway', 'gateway.address'],
    async run(fixture) {
      const { url } = await fixture.anonymous.get<{ url: string }>('/gateway')
      expectTrue(/^wss?:\/\//.test(url), 'a WebSocket address', url)
      const socket = await fixture.openSocket({ url })
      await socket.nextFrame(10)
    },
  },
  {
    id: 'rest.gateway.bot',
    title: '`GET /gateway/bot` answers the number of shards and the session start limit',
    covers: ['rest.route.gateway'],
    async run(fixture) {
      const ada = await fixture.user()
      const body = await ada.api.get<{
        url: string
        shards: number
        session_start_limit: Record<string, unknown>
      }>('/gateway/bot')
      expectTrue(/^wss?:\/\//.test(body.url), 'a WebSocket address', body.url)
      expectTrue(Number.isInteger(body.shards) && body.shards >= 1, 'shards', body.shards)
      for (const field of ['total', 'remaining', 'reset_after', 'max_concurrency'])
        expectTrue(
          Number.isInteger(body.session_start_limit[field]),
          `session_start_limit.${field} is an integer`,
          body,
        )
      expectTrue((body.session_start_limit.remaining as number) > 0, 'sessions remain')
      await fixture.anonymous.expectError(UNAUTHORIZED, 'GET', '/gateway/bot')
    },
  },
]
