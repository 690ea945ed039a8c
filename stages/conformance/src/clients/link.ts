import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A wire between a client and the server that can be cut and go silent, as real ones do. Servers
 * name their gateway by the host that a client asked for, so that sockets come through here as
 * well. Bytes are passed on as they are.
 */
export interface Link extends AsyncDisposable {
  /** Origin to give to the client. */
  readonly url: string
  /** Ends all gateway sockets without a word. New ones wait until what is returned is called. */
  cut(): () => void
  /**
   * From now on nothing that the server says on today's gateway sockets arrives, until the client
   * gives a socket up.
   */
  mute(): void
  /** With which codes clients closed, in order. */
  readonly closes: readonly number[]
}

interface Wire {
  readonly client: Socket
  readonly server: Socket
  muted: boolean
}

const UPGRADE = /^upgrade:\s*websocket/im

export async function openLink(target: string): Promise<Link> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const gateway = new Set<Wire>()
  const closes: number[] = []
  let held: (() => void)[] | undefined

  const wire = (client: Socket): void => {
    const server = connect({ port: Number(port || 80), host: hostname })
    const pair: Wire = { client, server, muted: false }
    const end = (): void => {
      gateway.delete(pair)
      for (const socket of [client, server]) {
        socket.destroy()
        sockets.delete(socket)
      }
    }
    const unmute = (): void => {
      if (pair.muted) server.resume()
      pair.muted = false
    }
    client.on('data', (chunk: Buffer) => {
      // Not only a connection's first request: libraries upgrade one that they had used for REST.
      if (!gateway.has(pair) && UPGRADE.test(chunk.toString('latin1'))) {
        gateway.add(pair)
        if (held) {
          client.pause()
          held.push(() => {
            server.write(chunk)
            client.resume()
          })
          return
        }
      }
      const code = gateway.has(pair) ? closeCode(chunk) : undefined
      if (code !== undefined) {
        closes.push(code)
        unmute()
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (!client.write(chunk)) server.pause()
    })
    client.on('drain', () => {
      if (!pair.muted) server.resume()
    })
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
  }

  const listener = createServer(wire)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    closes,
    cut() {
      const waiting: (() => void)[] = []
      held = waiting
      for (const { client, server } of gateway) {
        client.resetAndDestroy()
        server.resetAndDestroy()
      }
      gateway.clear()
      return () => {
        held = undefined
        for (const go of waiting) go()
      }
    },
    mute() {
      for (const pair of gateway) {
        pair.muted = true
        pair.server.pause()
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => listener.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

const CLOSE_FRAME = 0x88
const MASKED = 0x80

/** The code of a client's close frame, where one begins this chunk: clients write it by itself. */
function closeCode(chunk: Buffer): number | undefined {
  if (chunk[0] !== CLOSE_FRAME || chunk.length < 8 || ((chunk[1] ?? 0) & MASKED) === 0)
    return undefined
  return ((chunk[6]! ^ chunk[2]!) << 8) | (chunk[7]! ^ chunk[3]!)
}
