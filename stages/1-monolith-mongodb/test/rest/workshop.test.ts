import { expect, it } from 'vitest'
import { typescriptAnalytics } from '../../src/adapters/analytics.typescript.ts'
import type { Context } from '../../src/rest/context.ts'
import type { ApiRequest, Handler } from '../../src/rest/route.ts'
import { workshopRoutes } from '../../src/rest/routes/workshop.ts'

it('shows the active users and the busiest channels, to users with a token', async () => {
  const analytics = typescriptAnalytics({ now: () => 0 })
  for (const [channelId, authorId] of [
    ['1', '20'],
    ['2', '20'],
    ['2', '21'],
  ] as const)
    analytics.record({ channelId, authorId })
  const context = { ports: { analytics } } as unknown as Context
  const routes = new Map<string, { handler: Handler; anonymous: boolean }>()
  workshopRoutes((_method, _path, action, handler, { anonymous = false } = {}) => {
    routes.set(action, { handler, anonymous })
  }, context)
  const { handler, anonymous } = routes.get('workshop.analytics')!
  expect(anonymous).toBe(false)
  expect(await handler({} as ApiRequest)).toEqual({
    messages: 3,
    active_users: 2,
    busiest_channels: [
      { channel_id: '2', messages: 2 },
      { channel_id: '1', messages: 1 },
    ],
  })
})
