import type { Duplex } from 'node:stream'

/** Answers for errors of Node's parser. All others are answered 400. */
const PARSER_ANSWERS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431: Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413: Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408: Request Timeout',
}

/**
 * Answers bytes that are not valid HTTP, which never reach Express, and closes the connection.
 * Where the next request would begin is unknown, and guessing is how requests are smuggled past a
 * proxy.
 */
export function refuseMalformed(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const message = PARSER_ANSWERS[error.code ?? ''] ?? '400: Bad Request'
  const body = JSON.stringify({ message, code: 0 })
  const head = [
    `HTTP/1.1 ${message.replace(':', '')}`,
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ].join('\r\n')
  // Otherwise the socket would stay half open until the peer closes its side, which may be never.
  socket.once('finish', () => socket.destroy())
  socket.end(`${head}\r\n\r\n${body}`)
}
