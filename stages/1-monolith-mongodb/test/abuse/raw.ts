import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** A TCP connection to the stage, for what no HTTP client would send. */
export async function dial(base: string): Promise<Socket> {
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}) // being cut off is what is tested
  await once(socket, 'connect')
  return socket
}

/**
 * Sends bytes and collects what comes until the server closes. What is still open after `withinMs`
 * was not closed.
 */
export async function exchange(
  base: string,
  bytes: string | Uint8Array,
  withinMs = 10_000,
): Promise<{ text: string; closed: boolean }> {
  const socket = await dial(base)
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)))
  socket.write(bytes)
  const ended = await Promise.race([closed, delay(withinMs, false, { ref: false })])
  socket.destroy()
  return { text, closed: ended }
}

/** The answers in what came back over one connection, by their status lines. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

/** A WebSocket by hand: its frames may be wrong in every way, and it need not read. */
export interface RawWebSocket {
  readonly socket: Socket
  /** What the server has sent, as its frames' payloads; close frames are kept apart. */
  readonly received: string[]
  /** With the code the server closed with; undefined when it only cut the line. */
  readonly closed: Promise<number | undefined>
  /** Settles when a frame with this text in it has come; never, if none does. */
  heard(text: string): Promise<void>
  send(value: unknown): void
  frame(
    opcode: number,
    payload: Uint8Array,
    options?: { masked?: boolean; fin?: boolean; claims?: number },
  ): void
}

export async function openRaw(base: string, query = 'v=10&encoding=json'): Promise<RawWebSocket> {
  const socket = await dial(base)
  const { host } = new URL(base)
  socket.write(
    `GET /?${query} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
  )
  const received: string[] = []
  const waiting: (() => void)[] = []
  const heard = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (received.some((frame) => frame.includes(text))) resolve()
      }
      waiting.push(look)
      look()
    })
  let buffer: Buffer = Buffer.alloc(0)
  let upgraded = false
  const { promise: open, resolve: opened, reject } = Promise.withResolvers<void>()
  const { promise: closed, resolve: ended } = Promise.withResolvers<number | undefined>()
  socket.once('close', () => {
    ended(undefined)
    reject(new Error('closed before the upgrade'))
  })
  const frame: RawWebSocket['frame'] = (opcode, payload, options = {}) => {
    if (!socket.destroyed) socket.write(writeFrame(opcode, payload, options))
  }
  socket.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk])
    if (!upgraded) {
      const end = buffer.indexOf('\r\n\r\n')
      if (end < 0) return
      if (!buffer.toString('latin1').startsWith('HTTP/1.1 101 ')) {
        socket.destroy() // refused: told by the rejection
        return
      }
      buffer = buffer.subarray(end + 4)
      upgraded = true
      opened()
    }
    for (let next = readFrame(buffer); next; next = readFrame(buffer)) {
      buffer = next.rest
      if (next.opcode === 8) {
        ended(next.payload.length >= 2 ? next.payload.readUInt16BE(0) : 1_005)
        frame(8, next.payload)
      } else {
        received.push(next.payload.toString())
        for (const look of waiting) look()
      }
    }
  })
  await open
  return {
    socket,
    received,
    closed,
    heard,
    frame,
    send: (value) => frame(1, Buffer.from(JSON.stringify(value))),
  }
}

function readFrame(buffer: Buffer): { opcode: number; payload: Buffer; rest: Buffer } | undefined {
  if (buffer.length < 2) return undefined
  const short = buffer[1]! & 127
  const header = short === 126 ? 4 : short === 127 ? 10 : 2
  if (buffer.length < header) return undefined
  const length =
    short === 126
      ? buffer.readUInt16BE(2)
      : short === 127
        ? Number(buffer.readBigUInt64BE(2))
        : short
  if (buffer.length < header + length) return undefined
  return {
    opcode: buffer[0]! & 15,
    payload: buffer.subarray(header, header + length),
    rest: buffer.subarray(header + length),
  }
}

/** `claims` is the length that the header tells, whatever follows. */
export function writeFrame(
  opcode: number,
  payload: Uint8Array,
  { masked = true, fin = true, claims = payload.length } = {},
): Buffer {
  const head = Buffer.alloc(10)
  head[0] = (fin ? 128 : 0) | opcode
  const flag = masked ? 128 : 0
  let size = 2
  if (claims < 126) head[1] = flag | claims
  else if (claims < 65_536) {
    head[1] = flag | 126
    head.writeUInt16BE(claims, 2)
    size = 4
  } else {
    head[1] = flag | 127
    head.writeBigUInt64BE(BigInt(claims), 2)
    size = 10
  }
  if (!masked) return Buffer.concat([head.subarray(0, size), payload])
  const mask = randomBytes(4)
  return Buffer.concat([
    head.subarray(0, size),
    mask,
    Buffer.from(payload).map((byte, i) => byte ^ mask[i % 4]!),
  ])
}

/** Sends a text frame whose end never comes, a fragment a call. */
export function fragments(each: Buffer): (raw: RawWebSocket) => void {
  const begun = new WeakSet<RawWebSocket>()
  return (raw) => {
    raw.frame(begun.has(raw) ? 0 : 1, each, { fin: false })
    begun.add(raw)
  }
}
