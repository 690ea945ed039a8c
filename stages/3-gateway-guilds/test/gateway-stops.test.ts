import process from 'node:process'
import { Intent, Op } from '@threshold/contract'
import { askGateway } from '@threshold/engines'
import { describe, expect, it } from 'vitest'
import { connect, postTo, WAIT } from './client.ts'
import { stageStarter } from './stage.ts'

describe('a gateway that stops', { timeout: 120_000 }, () => {
  it('asks its clients to reconnect, and another gateway resumes their sessions', async () => {
    await using use = new AsyncDisposableStack()
    const stage = await (await stageStarter(use))({ gateway: 2, guilds: 1 })
    const post = postTo(stage.url)
    const { token } = await post('/workshop/users', { username: 'ada' })
    const guild = await post('/api/v10/guilds', { name: 'guild' }, token)
    const channel = await post(`/api/v10/guilds/${guild.id}/channels`, { name: 'general' }, token)
    const send = (content: string) =>
      post(`/api/v10/channels/${channel.id}/messages`, { content }, token)
    const [first, second] = [await askGateway(stage.url), await askGateway(stage.url)]
    expect(first).not.toBe(second)
    const intents = Intent.Guilds | Intent.GuildMessages
    const before = connect(first, Op.Identify, { token, intents, properties: {} })
    await expect.poll(() => before.of('GUILD_CREATE').length, WAIT).toBe(1)
    await send('before')
    await expect.poll(() => before.of('MESSAGE_CREATE').length, WAIT).toBe(1)
    const stopping = stage.roles.find(({ role, url }) => role === 'gateway' && isAt(url, first))!
    process.kill(stopping.pid, 'SIGTERM')
    await expect.poll(() => before.frames.at(-1)?.op, WAIT).toBe(Op.Reconnect)
    await send('meanwhile')
    const [ready] = before.of('READY')
    const resume = { token, session_id: ready!.d.session_id, seq: before.sequence() }
    const after = connect(second, Op.Resume, resume)
    await expect.poll(() => after.of('RESUMED').length, WAIT).toBe(1)
    await send('after')
    await expect.poll(() => after.of('MESSAGE_CREATE').length, WAIT).toBe(2)
    expect(after.of('MESSAGE_CREATE').map(({ d }) => d.content)).toEqual(['meanwhile', 'after'])
    const numbers = [...before.frames, ...after.frames].flatMap(({ s }) => (s === null ? [] : [s]))
    expect(numbers).toEqual(numbers.map((_, i) => i + 1))
  })
})

const isAt = (url: string, gateway: string): boolean => new URL(url).port === new URL(gateway).port
