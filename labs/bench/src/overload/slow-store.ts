import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Tells from the first bytes of a request how long the request is. */
export interface Protocol {
  readonly headerBytes: number
  lengthOf(header: Buffer): number
}

/** MongoDB's wire protocol. Each message begins with its length. */
export const MONGODB: Protocol = { headerBytes: 16, lengthOf: (header) => header.readInt32LE(0) }
/** Cassandra's native protocol up to version 4. Bytes 5 to 8 are the length of the body. */
export const CASSANDRA: Protocol = {
  headerBytes: 9,
  lengthOf: (header) => 9 + header.readInt32BE(5),
}

export interface SlowStore extends AsyncDisposable {
  readonly port: number
  /** Serves one request at a time from now on, each for this many milliseconds. 0 ends that. */
  slowDown(eachMs: number): void
}

/**
 * Starts a proxy between a stage and its database that limits the throughput of the database. Like
 * a database, it does not notice that a client no longer waits for an answer.
 */
export async function slowStore(
  { host, port }: { readonly host: string; readonly port: number },
  protocol: Protocol,
): Promise<SlowStore> {
  const sockets = new Set<Socket>()
  let eachMs = 0
  let freeAt = 0

  const server = createServer((client) => {
    const database = connect(port, host)
    let buffer: Buffer = Buffer.alloc(0)
    for (const [socket, peer] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket.setNoDelay())
      socket
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(socket)
          peer.destroy()
        })
    }
    database.on('data', (chunk) => client.write(chunk))
    client.on('data', (chunk) => {
      buffer = Buffer.concat([buffer, chunk])
      for (let length = requestLength(); length !== undefined; length = requestLength()) {
        forward(database, buffer.subarray(0, length))
        buffer = buffer.subarray(length)
      }
    })
    function requestLength(): number | undefined {
      if (buffer.length < protocol.headerBytes) return undefined
      const length = protocol.lengthOf(buffer)
      return buffer.length < length ? undefined : length
    }
  })

  function forward(database: Socket, request: Buffer): void {
    const now = performance.now()
    if (eachMs === 0) {
      database.write(request)
      return
    }
    freeAt = Math.max(freeAt, now) + eachMs
    setTimeout(() => database.write(request), freeAt - now)
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    slowDown(ms) {
      eachMs = ms
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
