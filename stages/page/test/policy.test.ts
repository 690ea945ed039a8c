import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { expect, it } from 'vitest'
import { createPage } from '../src/index.ts'

/** The addresses that the page may connect to, from its content security policy. */
async function connectSources(gatewayUrls?: readonly string[]): Promise<string | undefined> {
  const app = express().use(createPage(gatewayUrls && { gatewayUrls }))
  const server = app.listen(0, '127.0.0.1')
  try {
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { headers } = await fetch(`http://127.0.0.1:${port}/`)
    const directives = headers.get('content-security-policy')!.split('; ')
    return directives.find((directive) => directive.startsWith('connect-src '))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

it('lets the page connect to its own address and to the configured gateways only', async () => {
  expect(await connectSources()).toBe("connect-src 'self'")
  expect(await connectSources([])).toBe("connect-src 'self'")
  expect(await connectSources(['ws://127.0.0.1:3001', 'wss://gateway.example/below'])).toBe(
    "connect-src 'self' ws://127.0.0.1:3001 wss://gateway.example/below/",
  )
})
