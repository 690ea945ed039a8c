import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** Opens a TCP connection to the stage or its gateway, for bytes that no HTTP client would send. */
export async function dial(base: string): Promise<Socket> {
  const { hostname, port } = new URL(base)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}) // the tests expect the stage to cut connections
  await once(socket, 'connect')
  return socket
}

/** Sends bytes, and collects the answer until the server closes or `withinMs` have passed. */
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

/** The status codes of all answers in the bytes from one connection. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))

/** A WebSocket without a library, so that it can send invalid frames and can stop reading. */
export interface RawWebSocket {
  readonly socket: Socket
  /** The payloads of the frames from the server, without close frames. */
  readonly received: string[]
  /** Resolves with the server's close code, or with undefined if it only cut the connection. */
  readonly closed: Promise<number | undefined>
  /** Resolves once a frame that contains the text has arrived. */
  waitFor(text: string): Promise<void>
  send(value: unknown): void
  frame(
    opcode: number,
    payload: Uint8Array,
    options?: { masked?: boolean; fin?: boolean; declaredLength?: number },
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
  const waitFor = (text: string): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (received.some((frame) => frame.includes(text))) resolve()
      }
      waiting.push(check)
      check()
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
        socket.destroy() // the 'close' event rejects
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
        for (const check of waiting) check()
      }
    }
  })
  await open
  return {
    socket,
    received,
    closed,
    waitFor,
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

/** `declaredLength` is the length in the header, which need not be the payload's. */
export function writeFrame(
  opcode: number,
  payload: Uint8Array,
  { masked = true, fin = true, declaredLength = payload.length } = {},
): Buffer {
  const head = Buffer.alloc(10)
  head[0] = (fin ? 128 : 0) | opcode
  const flag = masked ? 128 : 0
  let size = 2
  if (declaredLength < 126) head[1] = flag | declaredLength
  else if (declaredLength < 65_536) {
    head[1] = flag | 126
    head.writeUInt16BE(declaredLength, 2)
    size = 4
  } else {
    head[1] = flag | 127
    head.writeBigUInt64BE(BigInt(declaredLength), 2)
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

/** Each call sends one fragment of a text frame that never ends. */
export function fragments(payload: Buffer): (raw: RawWebSocket) => void {
  const started = new WeakSet<RawWebSocket>()
  return (raw) => {
    raw.frame(started.has(raw) ? 0 : 1, payload, { fin: false })
    started.add(raw)
  }
}
