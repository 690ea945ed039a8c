import { DiscardPolicy, type JsMsg, RetentionPolicy, type StoredMsg } from '@nats-io/jetstream'
import { decodeJson, encodeJson, unavailable } from '@threshold/kit'
import type { Notification } from '@threshold/ports'
import { z } from 'zod'
import { type Nats, untilAnswered } from './connect.ts'

export const PUSH_STREAM = 'PUSHES'
export const PUSH_SUBJECT = 'push.send'
const MAX_AGE_MS = 24 * 3_600_000

const DEAD_STREAM = 'PUSHES_DEAD'
const DEAD_SUBJECTS = 'dead.push.*'
const deadSubject = (id: string): string => `dead.push.${id}`
const DEAD_MAX_AGE_MS = 7 * 24 * 3_600_000
const DEAD_MAX_BYTES = 64 * 2 ** 20

const pushSchema = z.object({
  v: z.literal(1),
  /** When it was enqueued, in milliseconds since the Unix epoch. */
  at: z.number(),
  notification: z.custom<Notification>((value) => (value as Notification | null)?.v === 1),
})
export type Push = z.output<typeof pushSchema>

/** Undefined for bytes that this version cannot read. */
export function readPush(data: Uint8Array): Push | undefined {
  try {
    return pushSchema.parse(decodeJson(data))
  } catch {
    return undefined
  }
}

/** Creates the stream from which push workers take what they send, if there is none. */
export async function ensurePushStream({ manager, replicas }: Nats): Promise<void> {
  const stream = {
    name: PUSH_STREAM,
    subjects: ['push.*'],
    num_replicas: replicas,
    retention: RetentionPolicy.Workqueue,
    max_age: MAX_AGE_MS * 1_000_000,
  }
  await untilAnswered(() => manager.streams.add(stream))
}

/**
 * The reason why a push was given up: the sink did not take it in any attempt, refused it for good,
 * no code can read it, or the code that sends it threw an error.
 */
const reasonSchema = z.enum(['attempts', 'refused', 'unreadable', 'failed'])
export type DeadReason = z.output<typeof reasonSchema>

const deadSchema = z.object({
  v: z.literal(1),
  reason: reasonSchema,
  /** Those of the worker that gave up. Workers that died before it may have made others. */
  attempts: z.number(),
  /** When it was given up, in milliseconds since the Unix epoch. */
  at: z.number(),
  /** The bytes of the push as they came. */
  push: z.instanceof(Uint8Array),
})

export interface DeadLetter extends z.output<typeof deadSchema> {
  /** The message's id, or `entry-N` for a push without one. */
  readonly id: string
  /** Its place in the stream. */
  readonly sequence: number
}

/** Creates the stream of the pushes that were given up, if there is none. */
export async function ensureDeadStream({ manager, replicas }: Nats): Promise<void> {
  const stream = {
    name: DEAD_STREAM,
    subjects: [DEAD_SUBJECTS],
    num_replicas: replicas,
    max_age: DEAD_MAX_AGE_MS * 1_000_000,
    max_bytes: DEAD_MAX_BYTES,
    // A push that is given up again, since its worker died before it said so, replaces itself.
    max_msgs_per_subject: 1,
    discard: DiscardPolicy.Old,
    allow_direct: true,
  }
  await untilAnswered(() => manager.streams.add(stream))
}

/** Resolves once a push is kept as a dead letter. Rejects with `UNAVAILABLE` if it may not be. */
export async function addDeadLetter(
  { jetStream }: Nats,
  message: JsMsg,
  { reason, attempts, at }: Pick<DeadLetter, 'reason' | 'attempts' | 'at'>,
): Promise<void> {
  const [idBefore] = (message.headers?.get('Nats-Msg-Id') ?? '').split('/')
  const ids = [readPush(message.data)?.notification.id, idBefore]
  const isId = (text: unknown): boolean => /^(\d{1,20}|entry-\d+)$/.test(String(text))
  const id = ids.find(isId) ?? `entry-${message.seq}`
  const letter = encodeJson({ v: 1, reason, attempts, at, push: message.data })
  try {
    await jetStream.publish(deadSubject(id), letter)
  } catch (error) {
    throw unavailable('NATS', error)
  }
}

/** The oldest dead letters, up to `limit`, with the number of all. */
export async function listDeadLetters(
  { manager }: Nats,
  limit: number,
): Promise<{ readonly total: number; readonly letters: readonly DeadLetter[] }> {
  const { state } = await manager.streams.info(DEAD_STREAM)
  const letters: DeadLetter[] = []
  for (let seq = state.first_seq; letters.length < limit; ) {
    const found = await manager.direct.getMessage(DEAD_STREAM, {
      seq,
      next_by_subj: DEAD_SUBJECTS,
    })
    if (!found) break
    letters.push(letterOf(found))
    seq = found.seq + 1
  }
  return { total: state.messages, letters }
}

/**
 * Puts a dead letter back into the stream of pushes, and removes it after that. If this is cut
 * short, another call adds no second push within the two minutes in which NATS recognises it. The
 * sink drops a later one by its idempotency key. Resolves with false if there is no such letter.
 */
export async function replayDeadLetter({ manager, jetStream }: Nats, id: string): Promise<boolean> {
  if (!/^[\w-]+$/.test(id)) return false
  const found = await manager.streams.getMessage(DEAD_STREAM, { last_by_subj: deadSubject(id) })
  if (!found) return false
  const { sequence, push } = letterOf(found)
  await jetStream.publish(PUSH_SUBJECT, push, { msgID: `${id}/${sequence}` })
  await manager.streams.deleteMessage(DEAD_STREAM, sequence).catch(async (error: unknown) => {
    // Another call has removed it, or the push has been given up again meanwhile.
    if (await manager.streams.getMessage(DEAD_STREAM, { seq: sequence })) throw error
  })
  return true
}

const letterOf = ({ seq, subject, data }: StoredMsg): DeadLetter => ({
  ...deadSchema.parse(decodeJson(data)),
  id: subject.slice(deadSubject('').length),
  sequence: seq,
})
