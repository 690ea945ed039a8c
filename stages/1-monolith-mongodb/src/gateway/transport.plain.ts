import { deflateSync } from 'node:zlib'
import {
  COMPRESSION_THRESHOLD,
  mayWrite,
  type OutboundSocket,
  type Transport,
  type TransportOptions,
  writesFlushed,
} from './transport.ts'

/**
 * One `socket.send` for each frame. This is all that a gateway needs to be correct.
 *
 * It costs one system call for each event and session, and one copy of the event for each session:
 * an event of 1 KB for ten thousand sessions leaves 10 MB to the garbage collector.
 * `transport.batched.ts` avoids both.
 */
export function plainTransport(
  outbound: OutboundSocket,
  { compressed = false }: TransportOptions = {},
): Transport {
  const { socket, tcp } = outbound
  const send = (json: Uint8Array): void => {
    if (!mayWrite(outbound, socket.bufferedAmount)) return
    if (compressed && json.length >= COMPRESSION_THRESHOLD)
      socket.send(deflateSync(json, { level: 1 }), { binary: true })
    else socket.send(json, { binary: false })
  }
  return {
    send,
    dispatch: (event, sequence) => send(event.json(sequence)),
    get buffered() {
      return socket.bufferedAmount
    },
    drained: () => writesFlushed(tcp),
    // Nothing is ever held back.
    flush() {},
    compressing: undefined,
    close() {},
  }
}
