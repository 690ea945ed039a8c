import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { createLatency, recordMs } from '@threshold/lab-kit'
import { type ClientAnswer, type ClientCommand, command, MARK, textOf } from './protocol.ts'
import { type ClientSocket, openSocket } from './sockets.ts'

/*
 * The other end of a bench, a process of its own: its work is not the server's, and its CPU is
 * stated beside the result. Each command is answered before the next is given.
 */
const CONNECTING_AT_ONCE = 25
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let sockets: ClientSocket[] = []
/** Replaced for each run: who counts what arrives. */
let hears = (_text: string): void => {}

type Of<D extends ClientCommand['do']> = Extract<ClientCommand, { do: D }>

async function connectAll({
  dialect,
  port,
  tokens,
  sockets: count,
}: Of<'connect'>): Promise<undefined> {
  const left = Array.from({ length: count }, (_, i) => i)[Symbol.iterator]()
  const some = async (): Promise<void> => {
    for (const i of left)
      sockets.push(
        await openSocket(dialect, port, tokens[i % tokens.length] ?? '', (text) => hears(text)),
      )
  }
  await Promise.all(Array.from({ length: CONNECTING_AT_ONCE }, some))
  return undefined
}

async function sendAll({ url, token, messages, inFlight }: Of<'send'>): Promise<ClientAnswer> {
  const each = createLatency()
  const last = createLatency()
  const waiting = new Map<number, { sentAt: number; left: number; done: () => void }>()
  hears = (text) => {
    const message = waiting.get(Number(MARK.exec(text)?.[1]))
    if (!message) return
    const ms = performance.now() - message.sentAt
    recordMs(each, ms)
    message.left -= 1
    if (message.left > 0) return
    recordMs(last, ms)
    message.done()
  }
  const before = process.cpuUsage()
  const start = performance.now()
  const left = Array.from({ length: messages }, (_, i) => i)[Symbol.iterator]()
  const some = async (): Promise<void> => {
    for (const index of left) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(index, { sentAt: performance.now(), left: sockets.length, done: resolve })
      await Promise.all([post(url, token, textOf(index)), promise])
      waiting.delete(index)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, some))
  const seconds = (performance.now() - start) / 1_000
  const { user, system } = process.cpuUsage(before)
  return {
    deliveries: messages * sockets.length,
    seconds,
    p50: each.getValueAtPercentile(50) / 1_000,
    p99: each.getValueAtPercentile(99) / 1_000,
    lastP50: last.getValueAtPercentile(50) / 1_000,
    lastP99: last.getValueAtPercentile(99) / 1_000,
    clientCpuSeconds: (user + system) / 1_000_000,
  }
}

function post(url: string, token: string | undefined, content: string): Promise<void> {
  const body = JSON.stringify({ content })
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...(token ? { authorization: `Bot ${token}` } : {}),
  }
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: 'POST', agent, headers }, (response) => {
      response
        .resume()
        .on('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`POST answered ${response.statusCode}`)),
        )
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

function leave(): undefined {
  for (const socket of sockets) socket.close()
  sockets = []
  return undefined
}

process.on('message', async (message) => {
  try {
    const asked = command.parse(message)
    const answered =
      asked.do === 'connect'
        ? await connectAll(asked)
        : asked.do === 'send'
          ? await sendAll(asked)
          : leave()
    process.send?.({ answered: answered ?? null })
  } catch (error) {
    process.send?.({ failed: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
