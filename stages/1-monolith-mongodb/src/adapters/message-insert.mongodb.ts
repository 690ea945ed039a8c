import { isSameSend, type StoredMessage } from '@threshold/domain'
import type { DedupeKey, InsertResult } from '@threshold/ports'
import type { Collection } from 'mongodb'
import { isDuplicateKey, long, text } from '../mongodb/database.ts'
import {
  fromMessageDocument,
  type MessageDocument,
  type NonceDocument,
  toMessageDocument,
} from '../mongodb/documents.ts'

/** The two collections that an insert writes to. */
export interface InsertCollections {
  readonly messages: Collection<MessageDocument>
  readonly nonces: Collection<NonceDocument>
}

/**
 * Inserts a message, once for each dedupe key.
 *
 * The nonce is reserved first, together with the id that the message will have, and the message is
 * inserted under the reserved id. If the process dies in between, the retry finds the reservation
 * and inserts under the same id. So the two writes need no transaction.
 */
export async function insertMessage(
  { messages, nonces }: InsertCollections,
  message: StoredMessage,
  dedupe: DedupeKey | undefined,
): Promise<InsertResult> {
  if (!dedupe) return insertOnce(messages, message)
  const _id = `${dedupe.authorId}:${dedupe.channelId}:${dedupe.nonce}`
  const reservation = await reserveNonce(nonces, _id, long(message.id))
  const reserved = { ...message, id: text(reservation.messageId) }
  // The message was sent and then deleted. A retry must not bring it back.
  if (reservation.gone) return { outcome: 'duplicate', message: await storedOr(messages, reserved) }
  const result = await insertOnce(messages, reserved, _id)
  // Another message has the reserved id. The reservation must not give it to the next try too.
  if (result.outcome === 'taken')
    await nonces.deleteOne({ _id, messageId: reservation.messageId, gone: false })
  return result
}

/** The unique key `_id` makes the insert idempotent. `nonceId` is the key of its nonce, if any. */
async function insertOnce(
  messages: Collection<MessageDocument>,
  message: StoredMessage,
  nonceId?: string,
): Promise<InsertResult> {
  try {
    await messages.insertOne(toMessageDocument(message, nonceId))
    return { outcome: 'inserted', message }
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    const found = await messages.findOne({ _id: long(message.id) })
    // It was there a moment ago and has been deleted since.
    if (!found && nonceId !== undefined) return { outcome: 'duplicate', message }
    const first = found && fromMessageDocument(found)
    if (!first || !isSameSend(first, found.dedupe, message, nonceId))
      return { outcome: 'taken', message }
    return { outcome: 'duplicate', message: first }
  }
}

/** The message as it is stored now, or `message` itself if it has been deleted. */
async function storedOr(
  messages: Collection<MessageDocument>,
  message: StoredMessage,
): Promise<StoredMessage> {
  const found = await messages.findOne({ _id: long(message.id) })
  return found ? fromMessageDocument(found) : message
}

/**
 * Reserves a nonce for a message id, or returns the earlier reservation. Exactly one of several
 * simultaneous sends wins, and the others get its id. The database's clock dates the reservation,
 * and its TTL index ends it.
 */
async function reserveNonce(
  nonces: Collection<NonceDocument>,
  _id: string,
  messageId: bigint,
): Promise<Pick<NonceDocument, 'messageId' | 'gone'>> {
  for (;;) {
    try {
      // An existing reservation has an id, so the filter does not match it. The upsert then tries
      // to insert and fails on the unique key, and never overwrites.
      const absent = { _id, messageId: { $exists: false } }
      const update = { $set: { messageId, gone: false }, $currentDate: { at: true } } as const
      await nonces.updateOne(absent, update, { upsert: true })
      return { messageId, gone: false }
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      const earlier = await nonces.findOne({ _id })
      // Absent: it expired between the two operations, so the key is free again.
      if (earlier) return earlier
    }
  }
}
