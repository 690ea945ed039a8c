import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'
import type { NatsUser } from './engine.ts'

const subjects = z.array(z.string()).default([])

const roleSchema = z.strictObject({
  /** Subjects of requests that it makes. */
  requests: subjects,
  /** Subjects of requests that it answers. */
  serves: subjects,
  sends: subjects,
  receives: subjects,
  /** The buckets that it reads, with the keys that it writes in each. */
  buckets: z.record(z.string(), z.array(z.string())).default({}),
  /**
   * The streams that it creates and reads single messages of, with the subjects that it adds
   * messages to, whether it consumes them, and whether it deletes single messages.
   */
  streams: z
    .record(
      z.string(),
      z.strictObject({
        publishes: subjects,
        consumes: z.boolean().default(false),
        deletes: z.boolean().default(false),
      }),
    )
    .default({}),
})
const natsSchema = z.strictObject({ v: z.literal(1), roles: z.record(z.string(), roleSchema) })
export type RoleSubjects = z.output<typeof roleSchema>

/** Reads the subjects that each role of a stage uses from its nats.json. Throws BAD_NATS_JSON. */
export async function readRoleSubjects(dir: string): Promise<Record<string, RoleSubjects>> {
  const path = join(dir, 'nats.json')
  try {
    return natsSchema.parse(JSON.parse(await readFile(path, 'utf8'))).roles
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
    throw new CodedError('BAD_NATS_JSON', `${path}: ${why}`, { cause: error })
  }
}

/** A user for each role, who may use the subjects of that role and no others. */
export async function roleUsers(dir: string): Promise<NatsUser[]> {
  return Object.entries(await readRoleSubjects(dir)).map(([role, uses]) => ({
    user: role,
    password: randomBytes(24).toString('hex'),
    publish: [
      '$JS.API.INFO',
      ...uses.requests,
      ...uses.sends,
      ...Object.entries(uses.buckets).flatMap(([bucket, keys]) => [
        ...streamApi(`KV_${bucket}`),
        ...consumerApi(`KV_${bucket}`),
        ...keys.map((key) => `$KV.${bucket}.${key}`),
      ]),
      ...Object.entries(uses.streams).flatMap(([stream, { publishes, consumes, deletes }]) => [
        ...streamApi(stream),
        ...publishes,
        ...(consumes ? consumerApi(stream) : []),
        ...(deletes ? [`$JS.API.STREAM.MSG.DELETE.${stream}`] : []),
      ]),
    ],
    // Replies come to an inbox of the role, which no other role can listen to.
    subscribe: [`_INBOX.${role}.>`, ...uses.serves, ...uses.receives],
    allowResponses: uses.serves.length > 0,
  }))
}

/** Creates a stream if there is none, and reads single messages. */
const streamApi = (stream: string): string[] => [
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
]

const consumerApi = (stream: string): string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.DURABLE.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.INFO.${stream}.>`,
  `$JS.API.CONSUMER.DELETE.${stream}.>`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.>`,
  `$JS.ACK.${stream}.>`,
  `$JS.FC.${stream}.>`,
]
