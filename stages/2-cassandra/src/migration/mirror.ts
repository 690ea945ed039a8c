import type { Reaction, StoredMessage } from '@threshold/domain'
import { CodedError, type Deadline } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Intent } from './intents.ts'
import { keyOf, type Movable, type PutOptions, type Row } from './movable.ts'
import type { Phase } from './phases.ts'

/** One of the two stores: what the product asks of it, and what a move asks of it. */
export interface Side {
  readonly store: MessageStore
  readonly movable: Movable
}

export interface Sides {
  readonly mongo: Side
  readonly cassandra: Side
}

/** Who decides and is read, and who is made equal to it. */
export interface Roles {
  readonly primary: Side
  readonly follower?: Side
}

export function rolesIn(phase: Phase, { mongo, cassandra }: Sides): Roles {
  switch (phase) {
    case 'mongo':
      return { primary: mongo }
    case 'dual-write':
      return { primary: mongo, follower: cassandra }
    case 'cutover':
      return { primary: cassandra, follower: mongo }
    case 'decommissioned':
      return { primary: cassandra }
  }
}

/** The two ends between which something is made equal. */
export interface Ends {
  readonly from: Movable
  readonly to: Movable
}

/** Changes that meet one message while it is made equal; more than a few are no coincidence. */
const ROUNDS = 10

/**
 * Rows as the first store answered them. A follower that forgets what it deleted is looked after:
 * the message may have been deleted between the answer and this, and its delete may have been here
 * already.
 */
export async function mirrorRows(
  { from, to }: Ends,
  rows: readonly Row[],
  deadline: Deadline,
  options: PutOptions,
): Promise<void> {
  if (rows.length === 0) return
  await to.put(rows, deadline, options)
  if (to.remembersDeletes) return
  const keys = rows.map(({ message }) => keyOf(message))
  const there = new Set((await from.existing(keys, deadline)).map(({ id }) => id))
  const gone = keys.filter(({ id }) => !there.has(id))
  if (gone.length > 0) await to.erase(gone, deadline)
}

export async function mirrorNonce(
  { from, to }: Ends,
  key: string,
  deadline: Deadline,
): Promise<string | undefined> {
  const held = await from.nonce(key, deadline)
  if (held) await to.putNonces([held], deadline)
  return held?.id
}

/**
 * Makes a reaction what it is in the first store, and looks again: two devices of one user may take
 * turns meanwhile. `took` says that it was taken back; only then is a delete written for what was
 * not there. A delete is as late as what the second store had before the first was asked, and no
 * later: what came to it since is newer, and may be there to stay.
 */
export async function mirrorReaction(
  { from, to }: Ends,
  reaction: Reaction,
  took: boolean,
  deadline: Deadline,
): Promise<void> {
  let erase = took || !to.remembersDeletes
  let seen = reaction
  let last: bigint | undefined
  const see = (one: Reaction | undefined): void => {
    if (one && one.writeTimeMicros > seen.writeTimeMicros) seen = one
  }
  for (let round = 0; round < ROUNDS; round++) {
    see(await to.reaction(reaction, deadline))
    const there = await from.reaction(reaction, deadline)
    if (round > 0 && there?.writeTimeMicros === last) return
    if (there) {
      if (!to.remembersDeletes) await bringMessage({ from, to }, reaction, deadline)
      await to.putReactions([there], deadline)
      see(there)
      if (to.remembersDeletes) await makeLater({ from, to }, there, deadline)
    } else if (erase) await to.eraseReactions([seen], deadline)
    last = there?.writeTimeMicros
    erase ||= there !== undefined
  }
  throw new CodedError('UNAVAILABLE', 'a reaction changes faster than it can be followed')
}

/**
 * A reaction that was taken back while a clock was ahead, and comes again, is older than the second
 * store's tombstone, which covers it. The first store, which remembers no deletes, is given a later
 * write time, and the next round brings that.
 */
async function makeLater(
  { from, to }: Ends,
  reaction: Reaction,
  deadline: Deadline,
): Promise<void> {
  if ((await to.reaction(reaction, deadline)) !== undefined) return
  const erasedAt = await to.reactionsErasedAt(
    { channelId: reaction.channelId, id: reaction.messageId },
    deadline,
  )
  // Undefined: its message is deleted there.
  if (erasedAt === undefined || erasedAt < reaction.writeTimeMicros) return
  await from.putReactions([{ ...reaction, writeTimeMicros: erasedAt + 1n }], deadline, {
    present: true,
  })
}

/**
 * MongoDB takes no reaction on a message that it does not have, since it cannot tell one that is
 * deleted from one that it missed while it was away: so the message comes first.
 */
async function bringMessage(
  { from, to }: Ends,
  { channelId, messageId }: Reaction,
  deadline: Deadline,
): Promise<void> {
  const keys = [{ channelId, id: messageId }]
  if ((await to.existing(keys, deadline)).length > 0) return
  await mirrorRows({ from, to }, await from.rows(keys, deadline), deadline, { edited: true })
}

/**
 * What a note left behind may mean is settled by looking at the first store, whatever became of the
 * write. A message that is not there is deleted in the other only where the note is of a delete: an
 * insert may never have happened, and Cassandra deletes for ever.
 */
export async function settle(ends: Ends, intent: Intent, deadline: Deadline): Promise<void> {
  if ('userId' in intent)
    return await mirrorReaction(ends, intent, intent.kind === 'unreact', deadline)
  const { kind, channelId, id, dedupe } = intent
  // A retry that found its nonce reserved, but its message never stored, stores it under the id of
  // the first try.
  const reserved =
    kind === 'insert' && dedupe !== undefined
      ? await mirrorNonce(ends, dedupe, deadline)
      : undefined
  const keys = [...new Set([id, reserved ?? id])].map((one) => ({ channelId, id: one }))
  // In this order. What the second store had before the first was asked, the first had too, so
  // where it is not there any more it was deleted. What neither had may be on its way right now, as
  // a retry of what this note is of.
  const had = new Set(
    ends.to.remembersDeletes
      ? []
      : (await ends.to.existing(keys, deadline)).map(({ id: one }) => one),
  )
  const rows = await ends.from.rows(keys, deadline)
  await mirrorRows(ends, rows, deadline, { edited: true })
  const there = new Set(rows.map(({ message }) => message.id))
  const gone = keys
    .filter((key) => !there.has(key.id) && (kind === 'remove' || had.has(key.id)))
    .map((key) => ({ ...key, dedupe }))
  if (gone.length === 0) return
  await ends.to.erase(gone, deadline)
  // A delete that died half-way may have left reactions in the first store as well, of which nobody
  // will ask it again.
  if (kind === 'remove' && !ends.from.remembersDeletes) await ends.from.erase(gone, deadline)
}

/**
 * In a row as it was sent, what an insert leaves out is not there in any store: nothing to empty.
 */
export const asSent = (message: StoredMessage, dedupe?: string): Row => ({ message, dedupe })
