import type { MessageId } from '@threshold/contract'
import type { DedupeKey } from '@threshold/ports'
import { CONSISTENCY } from './consistency.ts'
import type { Execute } from './database.ts'
import { long, text } from './rows.ts'
import { statements } from './statements.ts'

export interface HeldNonce {
  readonly key: string
  readonly id: MessageId
  /** Its message is deleted, or about to be: a retry must not bring it back. */
  readonly deleted: boolean
}

export interface Nonces {
  keyOf(dedupe: DedupeKey): string
  get(execute: Execute, key: string): Promise<HeldNonce | undefined>
  /**
   * Reserves a key for an id. When several callers reserve one key, exactly one wins (Paxos), and
   * the others learn the winner's id.
   */
  reserve(execute: Execute, key: string, id: MessageId): Promise<HeldNonce>
  /** Writes a nonce over whatever the key holds. Only a migration does. */
  put(execute: Execute, nonce: HeldNonce): Promise<void>
  /** Must precede the delete of its message: a crash in between must not let a retry insert it. */
  markDeleted(execute: Execute, key: string, id: MessageId): Promise<void>
  /** Frees the key: the id turned out to be another message's. */
  release(execute: Execute, key: string, id: MessageId): Promise<void>
}

export function createNonces(keyspace: string): Nonces {
  const cql = statements(keyspace).nonces

  /** Returns the nonce that holds the key already; undefined where this one holds it now. */
  async function insert(
    execute: Execute,
    { key, id, deleted }: HeldNonce,
  ): Promise<HeldNonce | undefined> {
    const [row] = await execute(cql.insert, [key, long(id), deleted], CONSISTENCY.serial)
    if (row?.['[applied]'] === true || row?.message_id == null) return undefined
    return { key, id: text(row.message_id), deleted: row.gone === true }
  }
  async function markDeleted(execute: Execute, key: string, id: MessageId): Promise<void> {
    await execute(cql.update, [long(id), true, key, long(id)], CONSISTENCY.serial)
  }

  return {
    keyOf: ({ authorId, channelId, nonce }) => `${authorId}:${channelId}:${nonce}`,
    async get(execute, key) {
      const [row] = await execute(cql.one, [key])
      return row?.message_id == null
        ? undefined
        : { key, id: text(row.message_id), deleted: row.gone === true }
    },
    async reserve(execute, key, id) {
      const nonce = { key, id, deleted: false }
      return (await insert(execute, nonce)) ?? nonce
    },
    async put(execute, nonce) {
      const { key, id, deleted } = nonce
      const held = await insert(execute, nonce)
      if (held === undefined) return
      if (held.id !== id)
        await execute(cql.update, [long(id), deleted, key, long(held.id)], CONSISTENCY.serial)
      else if (deleted) await markDeleted(execute, key, id)
    },
    markDeleted,
    async release(execute, key, id) {
      await execute(cql.delete, [key, long(id)], CONSISTENCY.serial)
    },
  }
}
