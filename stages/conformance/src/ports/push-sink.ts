import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A received push. */
export interface Arrival {
  readonly at: number
  readonly method: string
  readonly headers: IncomingHttpHeaders
  readonly body: { readonly id: string }
}

/** A status, or no answer, as from a machine that dies or hangs. */
export type Answer = number | 'hang up' | 'keep silent'

/** A real HTTP server that records requests, and can be stopped. */
export interface PushSink extends AsyncDisposable {
  readonly url: string
  readonly arrivals: readonly Arrival[]
  /** The pushes of one message, in order of arrival. */
  arrivalsOf(id: string): readonly Arrival[]
  answer: Answer
  /** Closes the server. `restart` listens on the same port. */
  stop(): Promise<void>
  restart(): Promise<void>
}

export async function pushSink(): Promise<PushSink> {
  const arrivals: Arrival[] = []
  let server: Server | undefined
  let port = 0

  async function listen(): Promise<void> {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Arrival['body']
      arrivals.push({
        at: performance.now(),
        method: request.method ?? '',
        headers: request.headers,
        body,
      })
      const { answer } = sink
      if (answer === 'hang up') response.destroy()
      else if (answer !== 'keep silent') response.writeHead(answer).end()
    })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  async function close(): Promise<void> {
    if (!server) return
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    server = undefined
    await closed
  }

  const sink: PushSink = {
    get url() {
      return `http://127.0.0.1:${port}/push`
    },
    arrivals,
    arrivalsOf: (id) => arrivals.filter(({ body }) => body.id === id),
    answer: 204,
    stop: close,
    restart: listen,
    [Symbol.asyncDispose]: close,
  }
  await listen()
  return sink
}
