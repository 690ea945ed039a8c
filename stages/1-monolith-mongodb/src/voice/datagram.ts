/**
 * The two kinds of datagram a voice relay reads. Discovery is Discord's: a client behind a NAT asks
 * how its packets look from outside. RTP is RFC 3550; nothing behind its fixed header is looked at,
 * since the payload is encrypted end to end as far as the relay is concerned.
 */
export type Datagram =
  | { readonly kind: 'discovery'; readonly ssrc: number }
  | { readonly kind: 'rtp'; readonly ssrc: number }
  | { readonly kind: 'malformed' }

export const DISCOVERY_SIZE = 74
const RTP_HEADER_SIZE = 12

/**
 * An Ethernet frame's worth. Real voice packets stay far below: 20 ms of Opus at 64 kbit/s is 160
 * bytes.
 */
export const MAX_DATAGRAM = 1_500

const REQUEST = 1
const RESPONSE = 2
/** The length field counts what follows it: SSRC, address, port. */
const DISCOVERY_BODY = 70
const ADDRESS_AT = 8
const PORT_AT = 72

/** Never throws: whatever arrives on an open UDP port is either understood or `malformed`. */
export function readDatagram(bytes: Buffer): Datagram {
  if (
    bytes.length === DISCOVERY_SIZE &&
    bytes.readUInt16BE(0) === REQUEST &&
    bytes.readUInt16BE(2) === DISCOVERY_BODY
  ) {
    return { kind: 'discovery', ssrc: bytes.readUInt32BE(4) }
  }
  // The top two bits are the version, which has been 2 since 1996; a discovery's first byte is 0,
  // so the two cannot be confused.
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
  packet.write(address, ADDRESS_AT, 'ascii') // null-terminated: the buffer came zeroed, and no address is 64 long
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
  /** Encrypted by whoever sent it. */
  readonly payload: Buffer
}

/** Payload type 120, which Discord's clients use for Opus. */
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
