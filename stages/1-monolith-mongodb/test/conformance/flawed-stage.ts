import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { askGateway } from '@threshold/engines'
import { WebSocket, WebSocketServer } from 'ws'
import { withOwnGateway } from './own-gateway.ts'

interface Response {
  status: number
  headers: Record<string, string | string[] | undefined>
  body: string
}

/** A defect, expressed as a change to requests, responses and frames. */
export interface Flaw {
  readonly request?: (path: string, body: string) => { path: string; body: string }
  /** Changes a response in place before it is sent. */
  readonly response?: (response: Response, path: string) => void
  readonly clientFrame?: (frame: string) => string
  /** Returns the frames to send instead of this one. */
  readonly serverFrames?: (frame: string) => readonly string[]
  readonly closeCode?: (code: number) => number
}

/**
 * Starts a proxy before a stage that adds a known defect, to check that the suite notices it. An
 * empty flaw only adds a hop.
 */
export async function flawedStage(
  stageUrl: string,
  flaw: Flaw,
): Promise<{ url: string } & AsyncDisposable> {
  const gatewayUrl = await askGateway(stageUrl)
  const server = createServer((incoming, outgoing) => {
    forward(stageUrl, flaw, incoming, outgoing).catch(() => outgoing.destroy())
  })
  // Longer than a case pauses between requests. The default of 5 s may close an idle connection
  // just as the client reuses it.
  server.keepAliveTimeout = 60_000
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (client, { url }) =>
    relay(client, new WebSocket(`${gatewayUrl}${url}`), flaw),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function forward(
  stageUrl: string,
  flaw: Flaw,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const received = (await buffer(incoming)).toString()
  const unchanged = { path: incoming.url!, body: received }
  const { path, body } = flaw.request?.(incoming.url!, received) ?? unchanged
  const { 'content-length': _length, ...headers } = incoming.headers
  const forwarded = request(`${stageUrl}${path}`, {
    method: incoming.method!,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  })
  forwarded.end(body)
  const [message] = (await once(forwarded, 'response')) as [IncomingMessage]
  const answered = (await buffer(message)).toString()
  const response: Response = {
    status: message.statusCode!,
    headers: { ...message.headers },
    body: withOwnGateway(path, answered, incoming.headers.host!),
  }
  flaw.response?.(response, path)
  delete response.headers['content-length']
  outgoing.writeHead(response.status, response.headers)
  outgoing.end(response.body)
}

function relay(client: WebSocket, stage: WebSocket, flaw: Flaw): void {
  const {
    clientFrame = (frame) => frame,
    serverFrames = (frame) => [frame],
    closeCode = (code) => code,
  } = flaw
  /** Frames that the client sent before the connection to the stage was open. */
  const pending: string[] = []
  client.on('message', (data) => {
    const frame = clientFrame(String(data))
    if (stage.readyState === WebSocket.OPEN) stage.send(frame)
    else pending.push(frame)
  })
  stage.on('open', () => {
    for (const frame of pending) stage.send(frame)
  })
  stage.on('message', (data) => {
    for (const frame of serverFrames(String(data))) client.send(frame)
  })
  stage.on('close', (code) => {
    // 1005 and 1006 are never sent in a close frame: no code, and no close frame at all.
    if (code === 1_006) client.terminate()
    else client.close(code === 1_005 ? undefined : closeCode(code))
  })
  client.on('close', () => stage.terminate())
  stage.on('error', () => client.terminate())
}
