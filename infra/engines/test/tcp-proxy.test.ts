import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { tcpProxy } from '../src/index.ts'

const WAIT = { timeout: 10_000, interval: 5 }
/** Longer than a byte takes on loopback. */
const SILENCE_MS = 100

/** A client of a server that echoes, through a proxy. */
async function connectThrough(use: AsyncDisposableStack) {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  use.defer(() => void server.close())
  const { port } = server.address() as AddressInfo
  const proxy = use.use(await tcpProxy(`127.0.0.1:${port}`))
  const open = async () => {
    const { hostname, port: proxyPort } = new URL(`tcp://${proxy.address}`)
    const socket = connect({ host: hostname, port: Number(proxyPort) })
    let text = ''
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text += chunk
    })
    await once(socket, 'connect')
    use.defer(() => void socket.destroy())
    return { socket, text: () => text }
  }
  return { proxy, open }
}

describe('a TCP proxy', () => {
  it('closes connections when it is cut, and takes new ones when it is healed', async () => {
    await using use = new AsyncDisposableStack()
    const { proxy, open } = await connectThrough(use)
    const first = await open()
    first.socket.write('a')
    await expect.poll(first.text, WAIT).toBe('a')
    proxy.cut()
    await once(first.socket, 'close')
    proxy.heal()
    const second = await open()
    second.socket.write('b')
    await expect.poll(second.text, WAIT).toBe('b')
  })

  it('forwards nothing while it is silent, and everything in order after that', async () => {
    await using use = new AsyncDisposableStack()
    const { proxy, open } = await connectThrough(use)
    const before = await open()
    before.socket.write('a')
    await expect.poll(before.text, WAIT).toBe('a')
    proxy.silence()
    const during = await open()
    const long = 'b'.repeat(2 ** 20)
    before.socket.write(long)
    during.socket.write('c')
    await delay(SILENCE_MS)
    expect([before.text(), during.text()]).toEqual(['a', ''])
    expect(before.socket.destroyed).toBe(false)
    proxy.heal()
    await expect.poll(() => before.text().length, WAIT).toBe(1 + long.length)
    await expect.poll(during.text, WAIT).toBe('c')
    expect(before.text()).toBe(`a${long}`)
  })
})
