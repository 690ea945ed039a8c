import process from 'node:process'
import { Intent, Op } from '@threshold/contract'
import { askGateway } from '@threshold/engines'
import { describe, expect, it, onTestFinished } from 'vitest'
import { stageStarter } from './stage.ts'

const WAIT = { timeout: 30_000, interval: 20 }

interface Frame {
  readonly op: number
  readonly s: number | null
  readonly t: string | null
  readonly d: { readonly session_id?: string; readonly content?: string }
}

/** A gateway socket that sends this frame after HELLO. */
function connect(url: string, op: Op, d: object) {
  const frames: Frame[] = []
  const socket = new WebSocket(`${url}/?v=10&encoding=json`)
  onTestFinished(() => socket.close())
  socket.addEventListener('message', ({ data }) => {
    const frame = JSON.parse(String(data)) as Frame
    frames.push(frame)
    if (frame.op === Op.Hello) socket.send(JSON.stringify({ op, d }))
  })
  return {
    frames,
    of: (type: string) => frames.filter(({ t }) => t === type),
    sequence: () => frames.findLast(({ s }) => s !== null)?.s ?? 0,
  }
}

describe('a gateway that stops', { timeout: 120_000 }, () => {
  it('asks its clients to reconnect, and another gateway resumes their sessions', async () => {
    await using use = new AsyncDisposableStack()
    const stage = await (await stageStarter(use))({ gateway: 2, guilds: 1 })
    const post = async (path: string, body: object, token = '') => {
      const response = await fetch(`${stage.url}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bot ${token}` },
        body: JSON.stringify(body),
      })
      expect(response.ok, `${path}: ${response.status}`).toBe(true)
      return (await response.json()) as { id: string; token: string }
    }
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
