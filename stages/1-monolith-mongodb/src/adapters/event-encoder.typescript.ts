import type { EventEncoder } from '@threshold/ports'

/**
 * A session's `s` is its own, so a frame can't be shared as it is; everything but the number can. `JSON.stringify` runs once
 * for an event, and each of five thousand sessions costs the joining of three strings.
 */
export function typescriptEventEncoder(): EventEncoder {
  return {
    encode: (type, data) => ({ head: `{"t":${JSON.stringify(type)},"s":`, tail: `,"op":0,"d":${JSON.stringify(data)}}` }),
    frame: (event, sequence) => event.head + sequence + event.tail,
  }
}
