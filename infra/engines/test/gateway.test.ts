import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { askGateway } from '../src/stage/gateway.ts'

async function stageThatAnswers(status: number, body: string) {
  const paths: string[] = []
  const server = createServer((request, response) => {
    paths.push(request.url!)
    response.writeHead(status).end(body)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('resolves with the address that the stage names', async () => {
  await using stage = await stageThatAnswers(200, '{"url":"ws://127.0.0.1:3001"}')
  expect(await askGateway(stage.url)).toBe('ws://127.0.0.1:3001')
  expect(stage.paths).toEqual(['/api/v10/gateway'])
})

it.each([
  [503, '{}', /answered 503/],
  [200, 'not JSON', /failed: /],
  [200, 'null', /without the address/],
  [200, '{"url":"http://127.0.0.1"}', /without the address/],
])('rejects with a code if the answer is %i %s', async (status, body, message) => {
  await using stage = await stageThatAnswers(status, body)
  await expect(askGateway(stage.url)).rejects.toMatchObject({
    code: 'NO_GATEWAY',
    message: expect.stringMatching(message),
  })
})

it('rejects with a code if nothing listens', async () => {
  const stage = await stageThatAnswers(200, '')
  await stage[Symbol.asyncDispose]()
  await expect(askGateway(stage.url)).rejects.toMatchObject({ code: 'NO_GATEWAY' })
})
