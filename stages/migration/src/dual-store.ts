import type { StoredMessage } from '@threshold/domain'
import { type Deadline, deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Participation } from './participant.ts'
import {
  asSent,
  type ReplicaPair,
  replicateNonce,
  replicateReaction,
  replicateRows,
} from './reconcile.ts'
import type { MigrationPort } from './replica.ts'
import type { ShadowReader } from './shadow-reads.ts'
import type { Policy, WriteIntent, WriteIntents } from './state.ts'
import { type End, type Phase, ROLES } from './transitions.ts'

/** One store of a move: the port that requests use, and the port that the move uses. */
export interface MoveEnd {
  readonly store: MessageStore
  readonly port: MigrationPort
}

export type MoveEnds = Readonly<Record<End, MoveEnd>>

export interface Roles {
  readonly primary: MoveEnd
  readonly replica?: MoveEnd
}

export function rolesIn(phase: Phase, ends: MoveEnds): Roles {
  const { primary, replica } = ROLES[phase]
  return { primary: ends[primary], ...(replica && { replica: ends[replica] }) }
}

export const pairOf = (primary: MoveEnd, replica: MoveEnd): ReplicaPair => ({
  primary: primary.port,
  replica: replica.port,
})

/**
 * - `replicated`: both stores have the write.
 * - `missed`: the replica has not; the intent may be reconciled at once.
 * - `unknown`: the write may still arrive, after its reconciliation and after a delete that the
 *   replica would not remember. The intent waits for `IN_FLIGHT_MS`.
 * - `refused`: the replica will never take the row as it is, and is well otherwise.
 */
type Outcome = 'replicated' | 'missed' | 'unknown' | { readonly refused: string }

/** A write waits this long for the replica. A healthy one needs a hundredth of it. */
const REPLICATE_MS = 1_000
/** A replica that failed is left alone for this long, so that its outage delays few writes. */
const PAUSE_MS = 1_000

export interface DualStoreParts {
  readonly ends: MoveEnds
  readonly participation: Participation
  readonly intents: WriteIntents
  readonly shadow: ShadowReader
}

/**
 * A message store over two, in whatever phase the move is. A write goes to the primary, whose
 * answer is the answer, and then to the replica, under the same id and write time. Its intent is
 * recorded before the primary is written and removed after the replica is.
 *
 * A replica that fails fails no request (policy `queue`): otherwise every outage of the new store
 * would be one of the product, before anything has moved there. The intent stays and is reconciled
 * later. Policy `fail` makes the answer 503 and a retry reconciles it: for operators who prefer
 * that to a way back that is some seconds old.
 */
export function dualMessageStore(
  { ends, participation, intents, shadow }: DualStoreParts,
  { clock, log }: Pick<Runtime, 'clock' | 'log'>,
): MessageStore {
  let pausedUntil = 0

  interface Write<T> {
    /** Where the stores may differ if this write dies half-way. */
    intents(primary: MoveEnd): Promise<WriteIntent[]> | WriteIntent[]
    act(primary: MessageStore): Promise<T>
    replicate(pair: ReplicaPair, result: T, deadline: Deadline): Promise<void>
  }

  const write = <T>(deadline: Deadline, work: Write<T>): Promise<T> =>
    participation.write(deadline, async ({ phase, policy }) => {
      const { primary, replica } = rolesIn(phase, ends)
      if (!replica) return await work.act(primary.store)
      const ids = await intents.record(await work.intents(primary), deadline)
      // Should this reject, its outcome is unknown: the intents stay until nothing is in flight.
      const result = await work.act(primary.store)
      const pair = pairOf(primary, replica)
      const outcome = await replicate(policy, pair, (by) => work.replicate(pair, result, by))
      if (outcome === 'replicated') intents.complete(ids)
      else if (outcome === 'missed') intents.retrySoon(ids)
      else if (outcome !== 'unknown') await markRefused(ids, outcome.refused)
      return result
    })

  async function replicate(
    policy: Policy,
    { replica }: ReplicaPair,
    work: (by: Deadline) => Promise<void>,
  ): Promise<Outcome> {
    if (policy === 'queue' && clock.now() < pausedUntil) return 'missed'
    try {
      await work(deadlineAfter(REPLICATE_MS, clock))
      return 'replicated'
    } catch (error) {
      const refused = hasCode(error, 'ROW_REFUSED')
      if (policy === 'fail') throw refused ? error.cause : error
      if (refused) {
        log.error({ err: messageOf(error) }, REFUSED)
        return { refused: messageOf(error) }
      }
      if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED', ...refusalCodes(replica))) throw error
      pausedUntil = clock.now() + PAUSE_MS
      log.warn({ err: messageOf(error) }, 'the replica failed; its missing writes are recorded')
      return replica.remembersDeletes ? 'missed' : 'unknown'
    }
  }

  /** Where this fails, the intent stays as it is, and its reconciliation meets the same refusal. */
  async function markRefused(ids: readonly string[], reason: string): Promise<void> {
    const deadline = deadlineAfter(REPLICATE_MS, clock)
    await intents.markRefused(ids, reason, deadline).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'a refused message could not be marked')
    })
  }

  const read = <T>(work: (primary: MessageStore, roles: Roles) => Promise<T>): Promise<T> =>
    participation.read(({ phase }) => {
      const roles = rolesIn(phase, ends)
      return work(roles.primary.store, roles)
    })

  return {
    insert: (message, deadline, dedupe) => {
      const key = dedupe && `${dedupe.authorId}:${dedupe.channelId}:${dedupe.nonce}`
      const { channelId, id } = message
      return write(deadline, {
        intents: () => [{ kind: 'insert', channelId, id, dedupe: key }],
        act: (primary) => primary.insert(message, deadline, dedupe),
        async replicate(pair, { outcome, message: stored }, by) {
          if (outcome === 'taken') return
          // A nonce used before the cutover must be known after it.
          if (key !== undefined) await replicateNonce(pair, key, by)
          if (outcome === 'inserted')
            return await replicateRows(pair, [asSent(stored, key)], by, { edited: false })
          // Stored before, or deleted since: replicate it as it is now, not as it was sent.
          const keys = [{ channelId: stored.channelId, id: stored.id }]
          const rows = await pair.primary.rows(keys, by)
          await replicateRows(pair, rows, by, { edited: true })
        },
      })
    },

    import: (messages, deadline) =>
      write(deadline, {
        intents: () => messages.map(({ channelId, id }) => ({ kind: 'insert', channelId, id })),
        act: (primary) => primary.import(messages, deadline),
        replicate: (pair, _, by) => {
          const rows = messages.map((message) => asSent(message))
          return replicateRows(pair, rows, by, { edited: false })
        },
      }),

    edit: (edit, deadline) =>
      write<StoredMessage | 'absent'>(deadline, {
        intents: () => [{ kind: 'edit', channelId: edit.channelId, id: edit.id }],
        act: (primary) => primary.edit(edit, deadline),
        // The whole row: the backfill may not have copied it yet, and what it copies then is older.
        replicate: async (pair, edited, by) => {
          if (edited !== 'absent') await replicateRows(pair, [asSent(edited)], by, { edited: true })
        },
      }),

    remove: (channelId, ids, writeTimeMicros, deadline) => {
      let dedupes: ReadonlyMap<string, string | undefined> = new Map()
      return write(deadline, {
        // Only for messages that exist: the intent of a delete is a licence to delete for good.
        async intents({ port }) {
          const keys = ids.map((id) => ({ channelId, id }))
          const existing = await port.existing(keys, deadline)
          dedupes = new Map(existing.map(({ id, dedupe }) => [id, dedupe]))
          return existing.map(({ id, dedupe }) => ({ kind: 'remove', channelId, id, dedupe }))
        },
        act: (primary) => primary.remove(channelId, ids, writeTimeMicros, deadline),
        async replicate({ replica }, removed, by) {
          if (removed.length === 0) return
          const deleted = removed.map((id) => ({ channelId, id, dedupe: dedupes.get(id) }))
          await replica.delete(deleted, by)
        },
      })
    },

    react: (reaction, deadline) =>
      write(deadline, {
        intents: () => [{ kind: 'react', ...reaction }],
        act: (primary) => primary.react(reaction, deadline),
        replicate: async (pair, outcome, by) => {
          if (outcome === 'absent' || outcome === 'full') return
          await replicateReaction(pair, reaction, false, by)
        },
      }),

    unreact: (reaction, deadline) => {
      let removed = reaction
      return write(deadline, {
        async intents({ port }) {
          const stored = await port.reaction(reaction, deadline)
          // The delete must be at least as late as the reaction. Otherwise a backfill that read the
          // reaction a moment ago would bring it back.
          if (stored && stored.writeTimeMicros > reaction.writeTimeMicros) removed = stored
          return [{ kind: 'unreact', ...removed }]
        },
        act: (primary) => primary.unreact(reaction, deadline),
        replicate: async (pair, outcome, by) => {
          if (outcome !== 'absent') await replicateReaction(pair, removed, true, by)
        },
      })
    },

    get: (channel, ids, deadline) => read((primary) => primary.get(channel, ids, deadline)),
    newest: (channels, deadline) => read((primary) => primary.newest(channels, deadline)),
    page: (channel, anchor, limit, deadline) =>
      read(async (primary, { replica }) => {
        const page = await primary.page(channel, anchor, limit, deadline)
        if (replica) shadow.compare({ channel, anchor, limit }, page, primary, replica.store)
        return page
      }),
    senders: (channel, before, limit, deadline) =>
      read((primary) => primary.senders(channel, before, limit, deadline)),
    reactors: (channel, id, emoji, page, deadline) =>
      read((primary) => primary.reactors(channel, id, emoji, page, deadline)),
    reactions: (channel, ids, viewer, deadline) =>
      read((primary) => primary.reactions(channel, ids, viewer, deadline)),
    [Symbol.asyncDispose]: async () => {},
  }
}

export const REFUSED = 'the replica refuses a message; the move cannot be completed with it'

const refusalCodes = ({ refusalCode }: MigrationPort): string[] =>
  refusalCode === undefined ? [] : [refusalCode]
