import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { askGateway } from '@threshold/engines'
import { afterEach, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { openLink } from '../../src/clients/link.ts'

let use = new AsyncDisposableStack()
afterEach(async () => {
  await use.disposeAsync()
  use = new AsyncDisposableStack()
})

/** A server that answers each socket with its own name, and `/gateway` with `gatewayUrl`. */
async function serve(name: string, gatewayUrl?: (host: string) => string): Promise<string> {
  const server = createServer((request, response) => {
    const body = JSON.stringify({ url: gatewayUrl?.(request.headers.host!), path: request.url })
    response.writeHead(200, { 'x-token': request.headers.authorization ?? 'none' }).end(body)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket, { headers }) => socket.send(`${name} as ${headers.host}`))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  use.defer(async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

const link = async (host: string) => use.use(await openLink(`http://${host}`))

async function connect(url: string): Promise<{ socket: WebSocket; greeting: string }> {
  const socket = new WebSocket(`${url}/?v=10`)
  socket.on('error', () => {})
  const [greeting] = (await once(socket, 'message')) as [Buffer]
  return { socket, greeting: String(greeting) }
}

it('carries the sockets of a gateway at the address of REST', async () => {
  const server = await serve('server', (host) => `ws://${host}`)
  const { url } = await link(server)
  const gatewayUrl = await askGateway(url)
  expect(gatewayUrl).toBe(url.replace('http:', 'ws:'))
  const { greeting } = await connect(gatewayUrl)
  expect(greeting).toBe(`server as ${new URL(url).host}`)
})

it('carries and cuts the sockets of gateways at addresses of their own', async () => {
  const gateways = [await serve('first'), await serve('second')]
  let turn = 0
  const api = await serve('api', () => `ws://${gateways[turn++ % 2]}`)
  const { url, cut } = await link(api)
  const urls = [await askGateway(url), await askGateway(url), await askGateway(url)]
  expect(urls[2]).toBe(urls[0])
  const first = await connect(urls[0]!)
  const second = await connect(urls[1]!)
  expect(first.greeting).toBe(`first as ${new URL(urls[0]!).host}`)
  expect(second.greeting).toBe(`second as ${new URL(urls[1]!).host}`)

  const dropped = [first, second].map(({ socket }) => once(socket, 'close'))
  const release = cut()
  expect((await Promise.all(dropped)).map(([code]) => code)).toEqual([1_006, 1_006])
  const waiting = connect(urls[0]!)
  release()
  expect((await waiting).greeting).toMatch(/^first/)
})

it('passes the headers of a request for the gateway on, in both directions', async () => {
  const api = await serve('api', () => 'ws://127.0.0.1:1')
  const { url } = await link(api)
  const authorization = 'Bot a:b'
  const answer = await fetch(`${url}/api/v10/gateway/bot?x`, { headers: { authorization } })
  expect([answer.status, answer.headers.get('x-token')]).toEqual([200, authorization])
  expect(await answer.json()).toMatchObject({ path: '/api/v10/gateway/bot?x' })
})

it('passes all other requests on unchanged', async () => {
  const api = await serve('api', () => 'ws://127.0.0.1:1')
  const { url } = await link(api)
  const answer = (await (await fetch(`${url}/api/v10/gateways`)).json()) as object
  expect(answer).toEqual({ url: 'ws://127.0.0.1:1', path: '/api/v10/gateways' })
})
