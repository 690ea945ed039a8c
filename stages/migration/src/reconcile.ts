import type { Reaction, StoredMessage } from '@threshold/domain'
import { CodedError, type Deadline } from '@threshold/kit'
import { type MessageRow, type MigrationPort, messageKey, type PutOptions } from './replica.ts'
import type { WriteIntent } from './state.ts'

/** `replica` is made equal to `primary`, by role and not by end: a cutover swaps them. */
export interface ReplicaPair {
  readonly primary: MigrationPort
  readonly replica: MigrationPort
}

/** Changes that may meet one reaction while it is replicated; more are no coincidence. */
const ROUNDS = 10

/**
 * Copies rows as the primary answered them. A replica that forgets deletes is checked afterwards:
 * the message may have been deleted between the answer and the put, and its delete may have arrived
 * before the put.
 */
export async function replicateRows(
  { primary, replica }: ReplicaPair,
  rows: readonly MessageRow[],
  deadline: Deadline,
  options: PutOptions,
): Promise<void> {
  if (rows.length === 0) return
  await replica.put(rows, deadline, options)
  if (replica.remembersDeletes) return
  const keys = rows.map(({ message }) => messageKey(message))
  const existing = new Set((await primary.existing(keys, deadline)).map(({ id }) => id))
  const deleted = keys.filter(({ id }) => !existing.has(id))
  if (deleted.length > 0) await replica.delete(deleted, deadline)
}

/** Returns the id that the nonce stands for in the primary. */
export async function replicateNonce(
  { primary, replica }: ReplicaPair,
  key: string,
  deadline: Deadline,
): Promise<string | undefined> {
  const nonce = await primary.nonce(key, deadline)
  if (nonce) await replica.putNonces([nonce], deadline)
  return nonce?.id
}

/**
 * Makes a reaction equal to the primary's, and checks again, since two devices of one user may
 * change it meanwhile. `removed` says that it was taken back; only then is a delete written for one
 * that was not there.
 *
 * A delete carries the replica's last write time observed before the primary was read, so that a
 * newer reaction survives.
 */
export async function replicateReaction(
  pair: ReplicaPair,
  reaction: Reaction,
  removed: boolean,
  deadline: Deadline,
): Promise<void> {
  const { primary, replica } = pair
  let mayDelete = removed || !replica.remembersDeletes
  let newest = reaction
  let previous: bigint | undefined
  const observe = (one: Reaction | undefined): void => {
    if (one && one.writeTimeMicros > newest.writeTimeMicros) newest = one
  }
  for (let round = 0; round < ROUNDS; round++) {
    observe(await replica.reaction(reaction, deadline))
    const stored = await primary.reaction(reaction, deadline)
    if (round > 0 && stored?.writeTimeMicros === previous) return
    if (stored) {
      if (!replica.remembersDeletes) await ensureMessage(pair, reaction, deadline)
      await replica.putReactions([stored], deadline)
      observe(stored)
      if (replica.remembersDeletes) await passTombstone(pair, stored, deadline)
    } else if (mayDelete) await replica.deleteReactions([newest], deadline)
    previous = stored?.writeTimeMicros
    mayDelete ||= stored !== undefined
  }
  throw new CodedError('UNAVAILABLE', 'a reaction changes faster than it can be replicated')
}

/**
 * A reaction that was taken back while a clock was ahead, and is given again, is older than the
 * replica's tombstone, which covers it. The primary, which remembers no deletes, is given a later
 * write time. The next round replicates that.
 */
async function passTombstone(
  { primary, replica }: ReplicaPair,
  reaction: Reaction,
  deadline: Deadline,
): Promise<void> {
  if ((await replica.reaction(reaction, deadline)) !== undefined) return
  const deletedAt = await replica.reactionsDeletedAt(
    { channelId: reaction.channelId, id: reaction.messageId },
    deadline,
  )
  // Undefined: its message is deleted there.
  if (deletedAt === undefined || deletedAt < reaction.writeTimeMicros) return
  await primary.putReactions([{ ...reaction, writeTimeMicros: deletedAt + 1n }], deadline, {
    onlyIfPresent: true,
  })
}

/**
 * A replica that forgets deletes takes no reaction to a message that it does not have, since it
 * cannot tell a deleted message from one that it missed. So the message comes first.
 */
async function ensureMessage(
  pair: ReplicaPair,
  { channelId, messageId }: Reaction,
  deadline: Deadline,
): Promise<void> {
  const keys = [{ channelId, id: messageId }]
  if ((await pair.replica.existing(keys, deadline)).length > 0) return
  await replicateRows(pair, await pair.primary.rows(keys, deadline), deadline, { edited: true })
}

/**
 * Reconciles an intent by reading the primary, whatever became of the write, and making the replica
 * equal. A message that the primary does not have is deleted in the replica only where the intent
 * is a delete or the replica had it before: an insert may never have happened, and a replica that
 * remembers deletes deletes for good.
 */
export async function reconcile(
  pair: ReplicaPair,
  intent: WriteIntent,
  deadline: Deadline,
): Promise<void> {
  if ('userId' in intent)
    return await replicateReaction(pair, intent, intent.kind === 'unreact', deadline)
  const { primary, replica } = pair
  const { kind, channelId, id, dedupe } = intent
  // A retry that finds its nonce reserved and its message not stored stores it under the first id.
  const reserved =
    kind === 'insert' && dedupe !== undefined
      ? await replicateNonce(pair, dedupe, deadline)
      : undefined
  const keys = [...new Set([id, reserved ?? id])].map((one) => ({ channelId, id: one }))
  // The replica is read before the primary. The primary had whatever the replica had then, so a
  // message missing from the primary was deleted. A message that neither had may be on its way
  // right now, as a retry of this intent's send.
  const had = new Set(
    replica.remembersDeletes ? [] : (await replica.existing(keys, deadline)).map((one) => one.id),
  )
  const rows = await primary.rows(keys, deadline)
  await replicateRows(pair, rows, deadline, { edited: true })
  const stored = new Set(rows.map(({ message }) => message.id))
  const deleted = keys
    .filter((key) => !stored.has(key.id) && (kind === 'remove' || had.has(key.id)))
    .map((key) => ({ ...key, dedupe }))
  if (deleted.length === 0) return
  await replica.delete(deleted, deadline)
  // A delete that died half-way may have left reactions in the primary, and will not be repeated.
  if (kind === 'remove' && !primary.remembersDeletes) await primary.delete(deleted, deadline)
}

/** A row as it was sent: it has nothing to empty, since no store has more than the insert. */
export const asSent = (message: StoredMessage, dedupe?: string): MessageRow => ({ message, dedupe })
