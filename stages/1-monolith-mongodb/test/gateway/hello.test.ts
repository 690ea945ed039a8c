import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { tokens } from '@threshold/contract'
import { createRuntime } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import { noSessions } from '../../src/adapters/session-registry.none.ts'
import { createGateway, GATEWAY_LIMITS, type GatewayPorts } from '../../src/gateway/index.ts'

const TRIES = 20

/** Upgrades a socket. `head` are the bytes that came in one read with the answer. */
async function upgraded(port: number): Promise<{ socket: Socket; head: Buffer }> {
  const headers = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  }
  const upgrade = request({ port, path: '/?v=10&encoding=json', headers }).end()
  const [, socket, head] = (await once(upgrade, 'upgrade')) as [unknown, Socket, Buffer]
  return { socket, head }
}

describe.each(['batched', 'plain'] as const)('HELLO by the %s transport', (transport) => {
  it('comes in a read of its own, and before the answer to an early frame', async () => {
    await using use = new AsyncDisposableStack()
    const runtime = createRuntime({ random: randomBytes })
    use.defer(() => runtime.telemetry[Symbol.asyncDispose]())
    // No client identifies, so the gateway needs no other ports.
    const ports = { sessions: noSessions() } as Partial<GatewayPorts> as GatewayPorts
    const config = {
      heartbeatMs: 10_000,
      maxConnections: TRIES,
      budgetMs: 10_000,
      limits: GATEWAY_LIMITS,
      transport,
    }
    const gateway = use.use(
      createGateway(
        ports,
        { tokens: tokens('x'.repeat(32)), gatewayUrl: () => 'ws://here' },
        config,
        runtime,
      ),
    )
    const server = createServer().listen(0, '127.0.0.1')
    gateway.attach(server, () => true)
    await once(server, 'listening')
    use.defer(() => void server.close())
    const { port } = server.address() as AddressInfo
    let separate = 0
    for (let i = 0; i < TRIES; i++) {
      const { socket, head } = await upgraded(port)
      // A heartbeat, masked with zeros. It is answered without IDENTIFY, and so could be answered
      // before HELLO.
      const beat = Buffer.from('{"op":1,"d":null}')
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | beat.length, 0, 0, 0, 0]), beat]))
      if (head.length === 0) separate += 1
      let text = head.toString('latin1')
      while (!text.includes('"op":11')) text += (await once(socket, 'data'))[0].toString('latin1')
      expect(text.indexOf('"op":10')).toBeGreaterThanOrEqual(0)
      expect(text.indexOf('"op":10')).toBeLessThan(text.indexOf('"op":11'))
      socket.destroy()
    }
    // A garbage collection may take longer than HELLO waits, so a few tries may fail.
    expect(separate).toBeGreaterThanOrEqual(TRIES * 0.75)
  })
})
