import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { answerGatewayRequest, gatewayPath } from './gateway-request.ts'

/**
 * A TCP proxy between a client and the server that can fail as networks do. It passes bytes on
 * unchanged, except the gateway's address in answers of `/gateway`: gateway sockets go through the
 * proxy as well, also those of a gateway that has an address of its own.
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
  const listeners: Server[] = []
  const sockets = new Set<Socket>()
  const gateway = new Set<Connection>()
  const closeCodes: number[] = []
  let waitingSockets: (() => void)[] | undefined

  const accept = (client: Socket, { hostname, port }: URL): void => {
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
      if (!gateway.has(connection) && gatewayPath(chunk) !== undefined) {
        answerGatewayRequest(target, chunk, linkTo).then((answer) => client.write(answer), end)
        return
      }
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

  /** Listens for connections to an address. Returns the host and port for the client. */
  const listenFor = async (address: URL): Promise<string> => {
    const listener = createServer((client) => accept(client, address))
    listeners.push(listener)
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    return `127.0.0.1:${(listener.address() as AddressInfo).port}`
  }
  const host = await listenFor(new URL(target))
  const gateways = new Map<string, Promise<string>>()
  const linkTo = async (gatewayUrl: string): Promise<string> => {
    const address = new URL(gatewayUrl)
    // A server whose gateway is at the address of REST announces it under the request's host.
    if (address.host === host) return gatewayUrl
    const listening = gateways.get(address.host) ?? listenFor(address)
    gateways.set(address.host, listening)
    return `ws://${await listening}`
  }
  return {
    url: `http://${host}`,
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
      const closed = listeners.map((each) => new Promise((resolve) => each.close(resolve)))
      for (const socket of sockets) socket.destroy()
      await Promise.all(closed)
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
