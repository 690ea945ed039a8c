import { expect } from 'vitest'
import WebSocket from 'ws'

/**
 * A well-behaved gateway session beside the abusive ones: what it hears tells whether others
 * suffer.
 */
export interface Bystander extends AsyncDisposable {
  /** Contents of the messages it heard of, in order. */
  readonly heard: string[]
  readonly isOpen: () => boolean
}

export const INTENTS = (1 << 0) | (1 << 9) | (1 << 15)

export const identify = (token: string): object => ({
  op: 2,
  d: { token, intents: INTENTS, properties: {} },
})

export async function bystander(url: string, token: string): Promise<Bystander> {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/?v=10&encoding=json`)
  const heard: string[] = []
  let guilds = 0
  let beating: NodeJS.Timeout | undefined
  socket.on('message', (data) => {
    const { op, t, d } = JSON.parse(String(data))
    if (op === 10) {
      beating = setInterval(() => socket.send('{"op":1,"d":null}'), d.heartbeat_interval)
      socket.send(JSON.stringify(identify(token)))
    }
    if (t === 'GUILD_CREATE') guilds += 1
    if (t === 'MESSAGE_CREATE') heard.push(d.content)
  })
  socket.on('error', () => {})
  socket.on('close', () => clearInterval(beating))
  await expect.poll(() => guilds, { timeout: 20_000 }).toBeGreaterThan(0)
  return {
    heard,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    async [Symbol.asyncDispose]() {
      socket.terminate()
    },
  }
}
