import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * A TCP proxy between a client and the server that can fail as networks do. Servers announce their
 * gateway under the host of the request, so gateway sockets go through the proxy as well. It passes
 * bytes on unchanged.
 */
export interface Link extends AsyncDisposable {
  /** The origin for the client. */
  readonly url: string
  /** Resets all gateway sockets. New ones wait until the returned function is called. */
  cut(): () => void
  /** Withholds all data from the server on the current gateway sockets until the client closes. */
  stall(): void
  /** The close codes that clients sent, in order. */
  readonly closeCodes: readonly number[]
}

interface Connection {
  readonly client: Socket
  readonly server: Socket
  stalled: boolean
}

const UPGRADE = /^upgrade:\s*websocket/im

export async function openLink(target: string): Promise<Link> {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  const gateway = new Set<Connection>()
  const closeCodes: number[] = []
  let waitingSockets: (() => void)[] | undefined

  const accept = (client: Socket): void => {
    const server = connect({ port: Number(port || 80), host: hostname })
    const connection: Connection = { client, server, stalled: false }
    const end = (): void => {
      gateway.delete(connection)
      for (const socket of [client, server]) {
        socket.destroy()
        sockets.delete(socket)
      }
    }
    const unstall = (): void => {
      if (connection.stalled) server.resume()
      connection.stalled = false
    }
    client.on('data', (chunk: Buffer) => {
      // Libraries may upgrade a connection that they used for REST before.
      if (!gateway.has(connection) && UPGRADE.test(chunk.toString('latin1'))) {
        gateway.add(connection)
        if (waitingSockets) {
          client.pause()
          waitingSockets.push(() => {
            server.write(chunk)
            client.resume()
          })
          return
        }
      }
      const code = gateway.has(connection) ? closeCode(chunk) : undefined
      if (code !== undefined) {
        closeCodes.push(code)
        unstall()
      }
      server.write(chunk)
    })
    server.on('data', (chunk) => {
      if (!client.write(chunk)) server.pause()
    })
    client.on('drain', () => {
      if (!connection.stalled) server.resume()
    })
    client.on('end', () => server.end())
    server.on('end', () => client.end())
    for (const socket of [client, server]) {
      sockets.add(socket)
      socket.on('error', end).on('close', end)
    }
  }

  const listener = createServer(accept)
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(listener.address() as AddressInfo).port}`,
    closeCodes,
    cut() {
      const waiting: (() => void)[] = []
      waitingSockets = waiting
      for (const { client, server } of gateway) {
        client.resetAndDestroy()
        server.resetAndDestroy()
      }
      gateway.clear()
      return () => {
        waitingSockets = undefined
        for (const go of waiting) go()
      }
    },
    stall() {
      for (const connection of gateway) {
        connection.stalled = true
        connection.server.pause()
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

/** The code of a client's close frame. Clients write such a frame as a chunk of its own. */
function closeCode(chunk: Buffer): number | undefined {
  if (chunk[0] !== CLOSE_FRAME || chunk.length < 8 || ((chunk[1] ?? 0) & MASKED) === 0)
    return undefined
  return ((chunk[6]! ^ chunk[2]!) << 8) | (chunk[7]! ^ chunk[3]!)
}
