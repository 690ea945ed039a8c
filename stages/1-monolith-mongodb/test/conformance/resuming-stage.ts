import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

interface Frame {
  readonly op: number
  readonly t: string | null
  s: number | null
  readonly d: unknown
}

/**
 * What goes wrong when a session is resumed: the frames that are sent, RESUMED the last of them.
 */
export type Mishap = (frames: readonly Frame[]) => readonly Frame[]

/** One client's session, kept while its connection is away. */
interface Session {
  readonly token: string
  readonly sent: Frame[]
  readonly upstream: WebSocket
  client: WebSocket | undefined
}

const BEAT_MS = 1_000

/**
 * Stands before a stage that keeps no sessions, and keeps them for it: enough of it to show that
 * the suite's cases of RESUME pass where there is one to be had, long before stage 3 has it, and
 * fail where it goes wrong.
 */
export async function resumingStage(
  stageUrl: string,
  { sessionMs, mishap = (frames) => frames }: { sessionMs: number; mishap?: Mishap },
): Promise<{ url: string } & AsyncDisposable> {
  const sessions = new Map<string, Session>()
  const server = createServer((incoming, outgoing) => {
    const { method, headers } = incoming
    const passed = request(
      `${stageUrl}${incoming.url}`,
      { method: method!, headers },
      (response) => {
        outgoing.writeHead(response.statusCode!, response.headers)
        response.pipe(outgoing)
      },
    )
    passed.on('error', () => outgoing.destroy())
    incoming.pipe(passed)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (client, { url, headers }) =>
    serve(client, new WebSocket(`${stageUrl.replace('http', 'ws')}${url}`), `ws://${headers.host}`),
  )

  function serve(client: WebSocket, upstream: WebSocket, here: string): void {
    let session: Session | undefined
    let token = ''
    const beat = setInterval(
      () => upstream.readyState === WebSocket.OPEN && upstream.send('{"op":1,"d":null}'),
      BEAT_MS,
    )
    upstream.on('error', () => client.terminate())
    upstream.on('close', (code) => {
      clearInterval(beat)
      // Not the one that RESUME left for the session's own.
      const attached =
        session === undefined ? client : session.upstream === upstream ? session.client : undefined
      if (code !== 1_005 && code !== 1_006) attached?.close(code)
    })
    upstream.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame
      if (frame.op === 11) return
      if (frame.t === 'READY') {
        const ready = frame.d as { session_id: string; resume_gateway_url: string }
        ready.resume_gateway_url = here
        session = { token, sent: [], upstream, client }
        sessions.set(ready.session_id, session)
      }
      if (frame.op === 0 && session) tell(session, frame)
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
      const ends = session === undefined || code === 1_000 || code === 1_001
      const end = (): void => {
        if (session?.client) return
        for (const [id, each] of sessions) if (each === session) sessions.delete(id)
        ;(session?.upstream ?? upstream).close(1_000)
      }
      if (ends) end()
      else setTimeout(end, sessionMs).unref()
    })
  }

  function tell(session: Session, frame: Frame): void {
    session.sent.push({ ...frame, s: session.sent.length + 1 })
    session.client?.send(JSON.stringify(session.sent.at(-1)))
  }

  function resume(session: Session, client: WebSocket, from: number): void {
    const done: Frame = { op: 0, t: 'RESUMED', s: session.sent.length + 1, d: {} }
    session.sent.push(done)
    for (const frame of mishap(session.sent.slice(from))) client.send(JSON.stringify(frame))
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
      await new Promise((closed) => server.close(closed))
    },
  }
}
