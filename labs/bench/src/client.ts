import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { createLatency, recordMs } from '@threshold/lab-kit'
import pLimit from 'p-limit'
import { type ClientAnswer, type ClientCommand, command, MARK, textOf } from './protocol.ts'
import { type ClientSocket, openSocket } from './sockets.ts'

/*
 * The client process of a bench. Its work does not count as the server's, and the result states its
 * CPU. The bench waits for the answer to each command before it sends the next.
 */
const CONNECT_CONCURRENCY = 25
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
let sockets: ClientSocket[] = []
/** Handles each text that arrives at a socket. Each run replaces it. */
let onText = (_text: string): void => {}

type CommandOf<D extends ClientCommand['do']> = Extract<ClientCommand, { do: D }>

async function connectAll({
  dialect,
  socketUrl,
  tokens,
  sockets: count,
}: CommandOf<'connect'>): Promise<undefined> {
  const opened = await pLimit(CONNECT_CONCURRENCY).map(Array.from({ length: count }), (_, i) =>
    openSocket(dialect, socketUrl, tokens[i % tokens.length] ?? '', (text) => onText(text)),
  )
  sockets.push(...opened)
  return undefined
}

async function sendAll({
  url,
  token,
  messages,
  inFlight,
}: CommandOf<'send'>): Promise<ClientAnswer> {
  const each = createLatency()
  const last = createLatency()
  const waiting = new Map<number, { sentAt: number; left: number; done: () => void }>()
  onText = (text) => {
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
  const sendSome = async (): Promise<void> => {
    for (const index of left) {
      const { promise, resolve } = Promise.withResolvers<void>()
      waiting.set(index, { sentAt: performance.now(), left: sockets.length, done: resolve })
      await Promise.all([post(url, token, textOf(index)), promise])
      waiting.delete(index)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, sendSome))
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
    const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
      response
        .resume()
        .on('end', () =>
          response.statusCode === 200
            ? resolve()
            : reject(new Error(`POST answered ${response.statusCode}`)),
        )
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

function leave(): undefined {
  for (const socket of sockets) socket.close()
  sockets = []
  return undefined
}

process.on('message', async (message) => {
  try {
    const parsed = command.parse(message)
    const result =
      parsed.do === 'connect'
        ? await connectAll(parsed)
        : parsed.do === 'send'
          ? await sendAll(parsed)
          : leave()
    process.send?.({ result: result ?? null })
  } catch (error) {
    process.send?.({ error: String(error) })
  }
})
process.on('disconnect', () => process.exit(0))
