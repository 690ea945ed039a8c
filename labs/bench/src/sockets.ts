import { connect as connectTcp, type Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { Dialect } from './protocol.ts'

/** An open socket of a client. */
export interface ClientSocket {
  close(): void
}

type OnText = (text: string) => void

/** Opens a socket to a server at `url`. Resolves once a message to all sockets would reach it. */
export function openSocket(
  dialect: Dialect,
  url: string,
  token: string,
  onText: OnText,
): Promise<ClientSocket> {
  switch (dialect) {
    case 'gateway':
      return gateway(url, token, onText)
    case 'ws':
      return plain(url, onText)
    case 'socket.io':
      return socketIo(url, onText)
    case 'tcp':
      return tcp(url, onText)
  }
}

/** Guilds, their messages and message content: 1 + 512 + 32768. Presences would add to the cost. */
const INTENTS = 33_281

function gateway(url: string, token: string, onText: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(`${url}/?v=10&encoding=json`, {
    perMessageDeflate: false,
  })
  let beat: NodeJS.Timeout | undefined
  return opened(socket, (text, ready) => {
    if (text.includes('"t":"MESSAGE_CREATE"')) return onText(text)
    if (text.includes('"t":"GUILD_CREATE"')) return ready()
    const { op, d } = JSON.parse(text) as { op: number; d: { heartbeat_interval: number } }
    if (op !== 10) return
    beat = setInterval(() => socket.send('{"op":1,"d":null}'), d.heartbeat_interval)
    socket.once('close', () => clearInterval(beat))
    socket.send(JSON.stringify({ op: 2, d: { token, intents: INTENTS, properties: {} } }))
  })
}

function plain(url: string, onText: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false })
  return opened(socket, (text, ready) => (text === 'ready' ? ready() : onText(text)))
}

/** Engine.IO 4 over WebSocket only: 0 open, 2 ping, 3 pong, 40 connected, 42 event. */
function socketIo(url: string, onText: OnText): Promise<ClientSocket> {
  const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`, {
    perMessageDeflate: false,
  })
  return opened(socket, (text, ready) => {
    if (text.startsWith('42["ready"')) ready()
    else if (text.startsWith('42')) onText(text)
    else if (text.startsWith('0')) socket.send('40')
    else if (text === '2') socket.send('3')
  })
}

/** Messages are separated by newlines, the simplest framing. */
function tcp(url: string, onText: OnText): Promise<ClientSocket> {
  const { hostname, port } = new URL(url)
  const socket: Socket = connectTcp(Number(port), hostname)
  socket.setEncoding('utf8').setNoDelay(true)
  const { promise, resolve, reject } = Promise.withResolvers<ClientSocket>()
  let rest = ''
  socket.on('error', reject)
  socket.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line === 'ready') resolve({ close: () => socket.destroy() })
      else onText(line)
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
