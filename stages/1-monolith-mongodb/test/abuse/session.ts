import { expect } from 'vitest'
import WebSocket from 'ws'

/** A well-behaved gateway session. Its messages show whether abuse affects other clients. */
export interface Bystander extends AsyncDisposable {
  /** Contents of the messages that it received, in order. */
  readonly received: string[]
  readonly isOpen: () => boolean
}

export const INTENTS = (1 << 0) | (1 << 9) | (1 << 15)

export const identify = (token: string): object => ({
  op: 2,
  d: { token, intents: INTENTS, properties: {} },
})

export async function bystander(gatewayUrl: string, token: string): Promise<Bystander> {
  const socket = new WebSocket(`${gatewayUrl}/?v=10&encoding=json`)
  const received: string[] = []
  let guilds = 0
  let heartbeat: NodeJS.Timeout | undefined
  socket.on('message', (data) => {
    const { op, t, d } = JSON.parse(String(data))
    if (op === 10) {
      heartbeat = setInterval(() => socket.send('{"op":1,"d":null}'), d.heartbeat_interval)
      socket.send(JSON.stringify(identify(token)))
    }
    if (t === 'GUILD_CREATE') guilds += 1
    if (t === 'MESSAGE_CREATE') received.push(d.content)
  })
  socket.on('error', () => {})
  socket.on('close', () => clearInterval(heartbeat))
  await expect.poll(() => guilds, { timeout: 20_000 }).toBeGreaterThan(0)
  return {
    received,
    isOpen: () => socket.readyState === WebSocket.OPEN,
    async [Symbol.asyncDispose]() {
      socket.terminate()
    },
  }
}
