import { z } from 'zod'

/** The protocol of a contestant's sockets. */
export const dialect = z.enum(['gateway', 'ws', 'socket.io', 'tcp'])
export type Dialect = z.output<typeof dialect>

/** A command for the client process. */
export const command = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('connect'),
    dialect,
    /** The address that sockets connect to. */
    socketUrl: z.string(),
    sockets: z.int().positive(),
    /** One token per user, which the sockets use in turn. Empty unless the dialect is `gateway`. */
    tokens: z.array(z.string()),
  }),
  z.object({
    do: z.literal('send'),
    /** A POST to this address sends a message to all sockets. */
    url: z.string(),
    token: z.string().optional(),
    messages: z.int().positive(),
    /** Messages in flight. The next one is sent once all sockets have received one of them. */
    inFlight: z.int().positive(),
  }),
  z.object({ do: z.literal('leave') }),
])
export type ClientCommand = z.output<typeof command>

/** The answer to `send`. */
export const answer = z.object({
  deliveries: z.int(),
  seconds: z.number(),
  /** Milliseconds from the POST to each socket. */
  p50: z.number(),
  p99: z.number(),
  /** Milliseconds from the POST to the last socket. */
  lastP50: z.number(),
  lastP99: z.number(),
  clientCpuSeconds: z.number(),
})
export type ClientAnswer = z.output<typeof answer>

/** A message contains its number, so that the client recognises it without parsing the frame. */
export const MARK = /#(\d+)#/
export const textOf = (index: number): string =>
  `#${index}# ${'the quick brown fox jumps over the lazy dog. '.repeat(3)}`
