import { connect as connectTcp, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Dialect } from './protocol.ts'

/** One client's socket: tells each text that arrives, and may be closed. */
export interface ClientSocket {
  close(): void
}

type OnText = (text: string) => void

/** Opens a socket and resolves when a message to everybody would reach it. */
export function openSocket(
  dialect: Dialect,
  port: number,
  token: string,
  hears: OnText,
): Promise<ClientSocket> {
  switch (dialect) {
    case 'gateway':
      return gateway(port, token, hears)
    case 'ws':
      return plain(port, hears)
    case 'socket.io':
      return socketIo(port, hears)
    case 'tcp':
      return tcp(port, hears)
  }
}

/**
 * Guilds and their messages: 1 + 512 + 32768. A session that hears presences would measure those
 * too.
 */
const INTENTS = 33_281

function gateway(port: number, token: string, hears: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/?v=10&encoding=json`, {
    perMessageDeflate: false,
  })
  let beat: NodeJS.Timeout | undefined
  return opened(socket, (text, ready) => {
    if (text.includes('"t":"MESSAGE_CREATE"')) return hears(text)
    if (text.includes('"t":"GUILD_CREATE"')) return ready()
    const { op, d } = JSON.parse(text) as { op: number; d: { heartbeat_interval: number } }
    if (op !== 10) return
    beat = setInterval(() => socket.send('{"op":1,"d":null}'), d.heartbeat_interval)
    socket.once('close', () => clearInterval(beat))
    socket.send(JSON.stringify({ op: 2, d: { token, intents: INTENTS, properties: {} } }))
  })
}

function plain(port: number, hears: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate: false })
  return opened(socket, (text, ready) => (text === 'ready' ? ready() : hears(text)))
}

/** Engine.IO 4 over WebSocket alone: 0 open, 2 ping, 3 pong, 40 connected, 42 event. */
function socketIo(port: number, hears: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  })
  return opened(socket, (text, ready) => {
    if (text.startsWith('42["ready"')) ready()
    else if (text.startsWith('42')) hears(text)
    else if (text.startsWith('0')) socket.send('40')
    else if (text === '2') socket.send('3')
  })
}

/** Lines: the least that can be done for a message to have an end. */
function tcp(port: number, hears: OnText): Promise<ClientSocket> {
  const socket: Socket = connectTcp(port, '127.0.0.1')
  socket.setEncoding('utf8').setNoDelay(true)
  const { promise, resolve, reject } = Promise.withResolvers<ClientSocket>()
  let rest = ''
  socket.on('error', reject)
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'ready') resolve({ close: () => socket.destroy() })
      else hears(line)
    }
  })
  return promise
}

function opened(
  socket: WebSocket,
  receive: (text: string, ready: () => void) => void,
): Promise<ClientSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<ClientSocket>()
  const ready = (): void => resolve({ close: () => socket.terminate() })
  socket.on('error', reject)
  socket.on('close', (code) => reject(new Error(`closed with ${code}`)))
  socket.on('message', (data) => receive(String(data), ready))
  return promise
}
