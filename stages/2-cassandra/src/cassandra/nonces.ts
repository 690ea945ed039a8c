import type { MessageId } from '@threshold/contract'
import type { DedupeKey } from '@threshold/ports'
import { CONSISTENCY } from './consistency.ts'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'

/** How long a repeated nonce still means the same send. */
export const SECONDS = 300

/**
 * Every write to this table is a lightweight transaction: mixed with plain ones their times would
 * not compare.
 */
export interface Nonces {
  keyOf(dedupe: DedupeKey): string
  /**
   * Of many who reserve one key at the same time exactly one wins (Paxos); the others learn the
   * winner's id.
   */
  reserve(execute: Execute, key: string, id: MessageId): Promise<{ id: MessageId; gone: boolean }>
  /** Its message is about to be deleted: a retry must not bring it back. */
  markGone(execute: Execute, key: string, id: MessageId): Promise<void>
  /** The id turned out to be another message's: the key is free again. */
  release(execute: Execute, key: string, id: MessageId): Promise<void>
}

export function createNonces(keyspace: string): Nonces {
  const insert = `INSERT INTO ${keyspace}.nonces (key, message_id, gone) VALUES (?, ?, false) IF NOT EXISTS USING TTL ${SECONDS}`
  // The id again, since it would end before the mark does and leave a key that holds nothing.
  const mark = `UPDATE ${keyspace}.nonces USING TTL ${SECONDS} SET gone = true, message_id = ? WHERE key = ? IF message_id = ?`
  const free = `DELETE FROM ${keyspace}.nonces WHERE key = ? IF message_id = ? AND gone = false`
  return {
    keyOf: ({ authorId, channelId, nonce }) => `${authorId}:${channelId}:${nonce}`,
    async reserve(execute, key, id) {
      const [held] = await execute(insert, [key, long(id)], CONSISTENCY.serial)
      return held?.['[applied]'] === true
        ? { id, gone: false }
        : { id: text(held?.message_id), gone: held?.gone === true }
    },
    async markGone(execute, key, id) {
      await execute(mark, [long(id), key, long(id)], CONSISTENCY.serial)
    },
    async release(execute, key, id) {
      await execute(free, [key, long(id)], CONSISTENCY.serial)
    },
  }
}
