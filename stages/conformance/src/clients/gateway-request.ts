import { once } from 'node:events'
import { type IncomingMessage, request, STATUS_CODES } from 'node:http'
import { text } from 'node:stream/consumers'

const GATEWAY_REQUEST = /^GET (\/api(?:\/v\d+)?\/gateway(?:\/bot)?(?:\?\S*)?) HTTP\/1\.1\r\n/

/** The path of a complete request for the gateway's address. Undefined for any other bytes. */
export function gatewayPath(chunk: Buffer): string | undefined {
  const head = chunk.toString('latin1')
  return head.endsWith('\r\n\r\n') ? GATEWAY_REQUEST.exec(head)?.[1] : undefined
}

/**
 * Forwards a request for the gateway's address, and replaces the address in the answer. The client
 * gets the server's status and headers.
 *
 * @param replace maps the server's address to the one for the client
 */
export async function answerGatewayRequest(
  target: string,
  chunk: Buffer,
  replace: (gatewayUrl: string) => Promise<string>,
): Promise<string> {
  const [, ...lines] = chunk.toString('latin1').trimEnd().split('\r\n')
  const headers = lines.flatMap((line) => {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
    return [name, value]
  })
  const outgoing = request(new URL(gatewayPath(chunk)!, target), { headers })
  outgoing.end()
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const answer = JSON.parse(await text(response)) as { url?: string }
  if (answer.url !== undefined) answer.url = await replace(answer.url)
  const body = JSON.stringify(answer)
  const { statusCode = 500, rawHeaders } = response
  const kept = rawHeaders.flatMap((name, i) =>
    i % 2 === 0 && !/^(content-length|transfer-encoding)$/i.test(name)
      ? [`${name}: ${rawHeaders[i + 1]}`]
      : [],
  )
  return [
    `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}`,
    ...kept,
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n')
}
