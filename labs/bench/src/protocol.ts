import { z } from 'zod'

/** How a contestant is spoken to. */
export const dialect = z.enum(['gateway', 'ws', 'socket.io', 'tcp'])
export type Dialect = z.output<typeof dialect>

/** What the client process is told. */
export const command = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('connect'),
    dialect,
    port: z.int(),
    sockets: z.int().positive(),
    /** One for each user; sockets take them in turn. The gateway's alone. */
    tokens: z.array(z.string()),
  }),
  z.object({
    do: z.literal('send'),
    /** Where a POST makes the server tell everybody. */
    url: z.string(),
    token: z.string().optional(),
    messages: z.int().positive(),
    /** Messages under way at a time: the next goes out when all sockets have one of them. */
    inFlight: z.int().positive(),
  }),
  z.object({ do: z.literal('leave') }),
])
export type ClientCommand = z.output<typeof command>

/** What it answers to a `send`. */
export const answer = z.object({
  deliveries: z.int(),
  seconds: z.number(),
  /** From the POST to each socket, in ms. */
  p50: z.number(),
  p99: z.number(),
  /** From the POST to the last socket, in ms. */
  lastP50: z.number(),
  lastP99: z.number(),
  clientCpuSeconds: z.number(),
})
export type ClientAnswer = z.output<typeof answer>

/** A message says which it is, so that a socket's frame can be told without being parsed. */
export const MARK = /#(\d+)#/
export const textOf = (index: number): string =>
  `#${index}# ${'the quick brown fox jumps over the lazy dog. '.repeat(3)}`
