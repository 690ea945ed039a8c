/**
 * The two kinds of datagram that a voice relay reads. Discovery is Discord's: a client behind a NAT
 * asks for its public address. RTP is RFC 3550. The relay reads only its fixed header, since it has
 * no key for the encrypted payload.
 */
export type Datagram =
  | { readonly kind: 'discovery'; readonly ssrc: number }
  | { readonly kind: 'rtp'; readonly ssrc: number }
  | { readonly kind: 'malformed' }

export const DISCOVERY_SIZE = 74
const RTP_HEADER_SIZE = 12

/**
 * Bytes that fit an Ethernet frame. Voice packets are far smaller: 20 ms of Opus at 64 kbit/s are
 * 160 bytes.
 */
export const MAX_DATAGRAM = 1_500

const REQUEST = 1
const RESPONSE = 2
/** Value of the length field: the bytes after it, which are SSRC, address and port. */
const DISCOVERY_BODY = 70
const ADDRESS_AT = 8
const PORT_AT = 72

/** Never throws: bytes that are neither kind are `malformed`. */
export function readDatagram(bytes: Buffer): Datagram {
  if (
    bytes.length === DISCOVERY_SIZE &&
    bytes.readUInt16BE(0) === REQUEST &&
    bytes.readUInt16BE(2) === DISCOVERY_BODY
  ) {
    return { kind: 'discovery', ssrc: bytes.readUInt32BE(4) }
  }
  // The top two bits are RTP's version, which has been 2 since 1996. The first byte of a discovery
  // packet is 0, so the two differ.
  if (bytes.length >= RTP_HEADER_SIZE && bytes[0]! >> 6 === 2)
    return { kind: 'rtp', ssrc: bytes.readUInt32BE(8) }
  return { kind: 'malformed' }
}

export function discoveryRequest(ssrc: number): Buffer {
  const packet = Buffer.alloc(DISCOVERY_SIZE)
  packet.writeUInt16BE(REQUEST, 0)
  packet.writeUInt16BE(DISCOVERY_BODY, 2)
  packet.writeUInt32BE(ssrc, 4)
  return packet
}

export function discoveryResponse(ssrc: number, address: string, port: number): Buffer {
  const packet = discoveryRequest(ssrc)
  packet.writeUInt16BE(RESPONSE, 0)
  // Null-terminated: the buffer is filled with zeros, and an address is shorter than its field.
  packet.write(address, ADDRESS_AT, 'ascii')
  packet.writeUInt16BE(port, PORT_AT)
  return packet
}

export function readDiscoveryResponse(
  bytes: Buffer,
): { ssrc: number; address: string; port: number } | undefined {
  if (bytes.length !== DISCOVERY_SIZE || bytes.readUInt16BE(0) !== RESPONSE) return undefined
  const end = bytes.indexOf(0, ADDRESS_AT)
  return {
    ssrc: bytes.readUInt32BE(4),
    address: bytes.toString('ascii', ADDRESS_AT, Math.min(end, PORT_AT)),
    port: bytes.readUInt16BE(PORT_AT),
  }
}

export interface RtpPacket {
  readonly ssrc: number
  readonly sequence: number
  /** Samples since the stream began, 48 a millisecond. */
  readonly timestamp: number
  /** Encrypted by the sender. */
  readonly payload: Buffer
}

/** Payload type 120. Discord's clients use it for Opus. */
const OPUS = 0x78

export function writeRtp({ ssrc, sequence, timestamp, payload }: RtpPacket): Buffer {
  const header = Buffer.alloc(RTP_HEADER_SIZE)
  header[0] = 0x80
  header[1] = OPUS
  header.writeUInt16BE(sequence & 0xffff, 2)
  header.writeUInt32BE(timestamp >>> 0, 4)
  header.writeUInt32BE(ssrc, 8)
  return Buffer.concat([header, payload])
}

export function readRtp(bytes: Buffer): RtpPacket | undefined {
  if (readDatagram(bytes).kind !== 'rtp') return undefined
  return {
    ssrc: bytes.readUInt32BE(8),
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    payload: bytes.subarray(RTP_HEADER_SIZE),
  }
}
