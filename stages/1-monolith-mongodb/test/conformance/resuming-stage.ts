import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { askGateway } from '@threshold/engines'
import { WebSocket, WebSocketServer } from 'ws'
import { withOwnGateway } from './own-gateway.ts'

interface Frame {
  readonly op: number
  readonly t: string | null
  s: number | null
  readonly d: unknown
}

/** A defect of the replay: maps the frames to send, of which the last is RESUMED. */
export type ReplayFlaw = (frames: readonly Frame[]) => readonly Frame[]

/** A client's session, which outlives its connection. */
interface Session {
  readonly token: string
  readonly sent: Frame[]
  readonly upstream: WebSocket
  client: WebSocket | undefined
}

const HEARTBEAT_MS = 1_000

/**
 * Starts a proxy that keeps sessions for a stage that keeps none. It does just enough to check that
 * the cases of RESUME pass on a stage with sessions and fail on a flawed replay, before stage 3
 * exists.
 */
export async function resumingStage(
  stageUrl: string,
  { sessionMs, flaw = (frames) => frames }: { sessionMs: number; flaw?: ReplayFlaw },
): Promise<{ url: string } & AsyncDisposable> {
  const sessions = new Map<string, Session>()
  const gatewayUrl = await askGateway(stageUrl)
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming
    const forwarded = request(
      `${stageUrl}${incoming.url}`,
      { method: method!, headers },
      async (response) => {
        const received = (await buffer(response)).toString()
        const { 'content-length': _length, ...responseHeaders } = response.headers
        outgoing.writeHead(response.statusCode!, responseHeaders)
        outgoing.end(withOwnGateway(incoming.url!, received, headers.host!))
      },
    )
    forwarded.on('error', () => outgoing.destroy())
    incoming.pipe(forwarded)
  })
  // Longer than a case pauses between requests. The default of 5 s may close an idle connection
  // just as the client reuses it.
  server.keepAliveTimeout = 60_000
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (client, { url, headers }) =>
    serve(client, new WebSocket(`${gatewayUrl}${url}`), `ws://${headers.host}`),
  )

  function serve(client: WebSocket, upstream: WebSocket, ownUrl: string): void {
    let session: Session | undefined
    let token = ''
    // The proxy sends heartbeats for the client, which may be away.
    const heartbeat = setInterval(
      () => upstream.readyState === WebSocket.OPEN && upstream.send('{"op":1,"d":null}'),
      HEARTBEAT_MS,
    )
    upstream.on('error', () => client.terminate())
    upstream.on('close', (code) => {
      clearInterval(heartbeat)
      // This connection has no client after RESUME: the client uses its session's own one.
      const attached =
        session === undefined ? client : session.upstream === upstream ? session.client : undefined
      if (code !== 1_005 && code !== 1_006) attached?.close(code)
    })
    upstream.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      if (frame.op === 11) return
      if (frame.t === 'READY') {
        const ready = frame.d as { session_id: string; resume_gateway_url: string }
        ready.resume_gateway_url = ownUrl
        session = { token, sent: [], upstream, client }
        sessions.set(ready.session_id, session)
      }
      if (frame.op === 0 && session) dispatch(session, frame)
      else client.send(JSON.stringify(frame))
    })
    client.on('message', (data) => {
      const frame = JSON.parse(String(data)) as {
        op: number
        d: { token: string; session_id: string; seq: number }
      }
      if (frame.op === 1) return client.send('{"op":11,"t":null,"s":null,"d":null}')
      if (frame.op === 2) token = frame.d.token
      const found = frame.op === 6 ? sessions.get(frame.d?.session_id) : undefined
      if (found === undefined || found.token !== frame.d.token)
        return (session?.upstream ?? upstream).send(String(data))
      if (frame.d.seq < 0 || frame.d.seq > found.sent.length) return client.close(4_007)
      session = found
      upstream.close(1_000)
      resume(found, client, frame.d.seq)
    })
    client.on('close', (code) => {
      if (session?.client === client) session.client = undefined
      const endsSession = session === undefined || code === 1_000 || code === 1_001
      const end = (): void => {
        if (session?.client) return
        for (const [id, each] of sessions) if (each === session) sessions.delete(id)
        ;(session?.upstream ?? upstream).close(1_000)
      }
      if (endsSession) end()
      else setTimeout(end, sessionMs).unref()
    })
  }

  function dispatch(session: Session, frame: Frame): void {
    session.sent.push({ ...frame, s: session.sent.length + 1 })
    session.client?.send(JSON.stringify(session.sent.at(-1)))
  }

  function resume(session: Session, client: WebSocket, from: number): void {
    const resumed: Frame = { op: 0, t: 'RESUMED', s: session.sent.length + 1, d: {} }
    session.sent.push(resumed)
    for (const frame of flaw(session.sent.slice(from))) client.send(JSON.stringify(frame))
    session.client = client
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      for (const { upstream } of sessions.values()) upstream.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
