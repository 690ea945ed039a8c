import { describe, expect, it } from 'vitest'
import { stageStarter } from '../stage.ts'

describe('a stage whose search role is killed', { timeout: 240_000 }, () => {
  it('sends and edits as before, and finds all of it once the role is back', async () => {
    await using use = new AsyncDisposableStack()
    const start = await stageStarter(use)
    const stage = await start({ guilds: 1 })
    const search = stage.roles.find(({ role }) => role === 'search')!
    let token = ''
    const ask = async (method: string, path: string, body?: object) => {
      const response = await fetch(`${stage.url}${path}`, {
        method,
        headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
        ...(body ? { body: JSON.stringify(body) } : {}),
      })
      return { status: response.status, body: (await response.json()) as Record<string, string> }
    }
    token = (await ask('POST', '/workshop/users', { username: 'ada' })).body.token!
    const guild = (await ask('POST', '/api/v10/guilds', { name: 'guild' })).body.id
    const channels = `/api/v10/guilds/${guild}/channels`
    const channel = (await ask('POST', channels, { name: 'general' })).body.id
    const messages = `/api/v10/channels/${channel}/messages`
    const find = async (word: string) => {
      const found = await ask('GET', `/api/v10/guilds/${guild}/messages/search?content=${word}`)
      return found.status === 200 ? found.body.total_results : found.status
    }
    const first = await ask('POST', messages, { content: 'before' })
    expect([first.status, await find('before')]).toEqual([200, 1])

    await search.kill()
    expect((await ask('POST', messages, { content: 'meanwhile' })).status).toBe(200)
    const edit = await ask('PATCH', `${messages}/${first.body.id}`, { content: 'edited' })
    expect(edit.status).toBe(200)
    expect(await find('before')).toBe(503)

    await search.restart()
    expect([await find('before'), await find('edited'), await find('meanwhile')]).toEqual([0, 1, 1])
  })
})
