import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import process from 'node:process'
import { createRuntime } from '@threshold/kit'
import express from 'express'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type HttpConfig, type HttpParts, serveHttp } from '../../src/http/index.ts'

const CONFIG: HttpConfig = {
  host: '127.0.0.1',
  port: 0,
  hostNames: [],
  origins: [],
  gatewayUrls: [],
  trustedProxies: [],
  maxConnections: 100,
}
const router = express.Router()

async function serve(
  config: Partial<HttpConfig>,
  { routers = [router], readiness = [] }: Partial<HttpParts> = {},
) {
  const runtime = createRuntime({ random: randomBytes })
  const server = await serveHttp({ routers, readiness }, { ...CONFIG, ...config }, runtime)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { ...server, port: Number(new URL(server.url).port) }
}

async function answer(url: string, agent: Agent | false = false): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent }), 'response')) as [IncomingMessage]
  return response.resume()
}

describe('a port', () => {
  it('is refused to a second server, and its answers do not name the process', async () => {
    const { url, port } = await serve({})
    await expect(serve({ port })).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect((await answer(`${url}/readyz`)).headers).not.toHaveProperty('x-process-id')
  })

  it.runIf(process.platform === 'linux')(
    'that servers share is served by one when the other ends, by name',
    async () => {
      const first = await serve({ reusePort: 'at-once' })
      await serve({ reusePort: 'at-once', port: first.port })
      await first[Symbol.asyncDispose]()
      const { headers, statusCode } = await answer(`${first.url}/readyz`)
      expect([statusCode, headers['x-process-id']]).toEqual([200, String(process.pid)])
    },
  )

  it.runIf(process.platform === 'linux')(
    'is left alone by a server that is not ready',
    async () => {
      const first = await serve({})
      await first[Symbol.asyncDispose]()
      const { port, url } = first
      let checks = 0
      let reason: string | undefined = 'not yet'
      const readiness = [
        {
          name: 'the test',
          reason: () => {
            checks += 1
            return reason
          },
        },
      ]
      const never = await serve({ reusePort: 'when-ready', port }, { readiness })
      await expect.poll(() => checks).toBeGreaterThan(0)
      await expect(answer(`${url}/readyz`)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
      await never[Symbol.asyncDispose]()
      await serve({ reusePort: 'when-ready', port }, { readiness })
      reason = undefined
      const status = async () => (await answer(`${url}/readyz`).catch(() => undefined))?.statusCode
      await expect.poll(status, { timeout: 10_000 }).toBe(200)
    },
  )
})

it('a server that ends closes a connection with the answer to its last request', async () => {
  const slow = express.Router()
  const { promise: asked, resolve: onAsked } = Promise.withResolvers<void>()
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  slow.get('/slow', async (_request, response) => {
    onAsked()
    await released
    response.end('done')
  })
  const server = await serve({}, { routers: [slow] })
  const agent = new Agent({ keepAlive: true })
  onTestFinished(() => agent.destroy())
  const answered = answer(`${server.url}/slow`, agent)
  await asked
  const ended = server[Symbol.asyncDispose]()
  release()
  expect((await answered).headers.connection).toBe('close')
  await ended
  const [error] = await once(connect(server.port, '127.0.0.1'), 'error')
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
})
