import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { WebSocket, WebSocketServer } from 'ws'

/** What a stage might get wrong, as a change to what passes by. */
export interface Flaw {
  /** The path and body of a request. */
  readonly request?: (path: string, body: string) => { path: string; body: string }
  /** An answer before it is sent. */
  readonly response?: (
    answer: {
      status: number
      headers: Record<string, string | string[] | undefined>
      body: string
    },
    path: string,
  ) => void
  /** A client's frame. */
  readonly clientFrame?: (frame: string) => string
  /** The frames that are sent instead of this one. */
  readonly serverFrames?: (frame: string) => readonly string[]
  readonly closeCode?: (code: number) => number
}

/**
 * Stands before a stage and spoils what passes by: a stage with a known defect, to see whether the
 * suite notices.
 */
export async function flawedStage(
  stageUrl: string,
  flaw: Flaw,
): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer((incoming, outgoing) => {
    pass(stageUrl, flaw, incoming, outgoing).catch(() => outgoing.destroy())
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (client, { url }) =>
    relay(client, new WebSocket(`${stageUrl.replace('http', 'ws')}${url}`), flaw),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function pass(
  stageUrl: string,
  flaw: Flaw,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const sent = (await buffer(incoming)).toString()
  const { path, body } = flaw.request?.(incoming.url!, sent) ?? { path: incoming.url!, body: sent }
  const { 'content-length': _length, ...headers } = incoming.headers
  const asked = request(`${stageUrl}${path}`, {
    method: incoming.method!,
    headers: { ...headers, 'content-length': Buffer.byteLength(body) },
  })
  asked.end(body)
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const answer = {
    status: response.statusCode!,
    headers: { ...response.headers },
    body: (await buffer(response)).toString(),
  }
  flaw.response?.(answer, path)
  delete answer.headers['content-length']
  outgoing.writeHead(answer.status, answer.headers)
  outgoing.end(answer.body)
}

function relay(
  client: WebSocket,
  stage: WebSocket,
  {
    clientFrame: heard = (frame) => frame,
    serverFrames: told = (frame) => [frame],
    closeCode: closedWith = (code) => code,
  }: Flaw,
): void {
  const early: string[] = []
  client.on('message', (data) => {
    const frame = heard(String(data))
    if (stage.readyState === WebSocket.OPEN) stage.send(frame)
    else early.push(frame)
  })
  stage.on('open', () => {
    for (const frame of early) stage.send(frame)
  })
  stage.on('message', (data) => {
    for (const frame of told(String(data))) client.send(frame)
  })
  stage.on('close', (code) =>
    code === 1_006
      ? client.terminate()
      : client.close(code === 1_005 ? undefined : closedWith(code)),
  )
  client.on('close', () => stage.terminate())
  stage.on('error', () => client.terminate())
}
