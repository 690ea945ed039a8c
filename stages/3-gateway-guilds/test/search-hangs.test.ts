import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { roleUsers, startStage } from '@threshold/engines'
import { dedicatedNats, leaseDatabase, leaseKeyspace } from '@threshold/engines/testing'
import { createRuntime } from '@threshold/kit'
import type { SearchResult } from '@threshold/ports'
import { describe, expect, it, vi } from 'vitest'
import { connectNats } from '../src/nats/connect.ts'
import { searchQuery } from '../src/wire/search.ts'
import { postTo, WAIT } from './client.ts'
import { natsConfig } from './nats/fixture.ts'

describe('a search role that never answers a search', { timeout: 180_000 }, () => {
  it('delays no message, is not asked after some time-outs, and is asked again later', async () => {
    await using use = new AsyncDisposableStack()
    const users = await roleUsers(fileURLToPath(new URL('..', import.meta.url)))
    const nats = use.use(await dedicatedNats({ users }))
    const runtime = createRuntime({ random: randomBytes })
    const { bus } = use.use(await connectNats(natsConfig(nats.uriOf('search')), 'search', runtime))
    let searches = 0
    let answer: Promise<SearchResult> = new Promise(() => {})
    const serving = bus.serve(searchQuery, () => {
      searches += 1
      return answer
    })
    use.use(serving)
    const stage = use.use(
      await startStage({
        stage: 3,
        engineUri: use.use(await leaseDatabase()).uri,
        cassandraUri: use.use(await leaseKeyspace()).uri,
        nats,
        processes: { search: 0, guilds: 1, notifications: 0, voice: 0 },
      }),
    )
    const post = postTo(stage.url)
    const { token } = await post('/workshop/users', { username: 'ada' })
    const guild = await post('/api/v10/guilds', { name: 'guild' }, token)
    const channels = `/api/v10/guilds/${guild.id}/channels`
    const channel = await post(channels, { name: 'general' }, token)
    const search = () =>
      fetch(`${stage.url}/api/v10/guilds/${guild.id}/messages/search?content=hello`, {
        headers: { Authorization: `Bot ${token}` },
      })

    const hanging = await Promise.all(Array.from({ length: 5 }, search))
    expect(hanging.map(({ status }) => status)).toEqual([503, 503, 503, 503, 503])
    expect(searches).toBe(5)
    // Every two seconds one search is tried, and hangs. A busy machine may need some tries.
    await vi.waitFor(async () => {
      const before = searches
      const refused = await search()
      expect(searches).toBe(before)
      expect([refused.status, refused.headers.get('Retry-After')]).toEqual([503, '2'])
    }, WAIT)
    const metrics = await (await fetch(`${stage.url}/metrics`)).text()
    expect(metrics).toMatch(/^threshold_circuit_open\{role="search",.*\} 1$/m)
    await post(`/api/v10/channels/${channel.id}/messages`, { content: 'hello' }, token)

    answer = Promise.resolve({ total: 0, hits: [] })
    await expect.poll(async () => (await search()).status, WAIT).toBe(200)
  })
})
