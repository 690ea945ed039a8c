import type { StoredMessage } from '@threshold/domain'
import { type Deadline, deadlineAfter, hasCode, messageOf, type Runtime } from '@threshold/kit'
import type { MessageStore } from '@threshold/ports'
import type { Following } from './follow.ts'
import type { Intent, Intents } from './intents.ts'
import {
  asSent,
  type Ends,
  mirrorNonce,
  mirrorReaction,
  mirrorRows,
  type Roles,
  rolesIn,
  type Side,
  type Sides,
} from './mirror.ts'
import type { Policy } from './phases.ts'
import type { Shadow } from './shadow.ts'

type Outcome = 'followed' | 'missed' | 'unknown' | { readonly refused: string }

/** What a write waits for the second store at the most. A healthy one needs a hundredth of it. */
const MIRROR_MS = 1_000
/**
 * After a failure the second store is left alone for this long: its outage must not make every
 * write wait.
 */
const REST_MS = 1_000

export interface MigratingParts {
  readonly sides: Sides
  readonly following: Following
  readonly intents: Intents
  readonly shadow: Shadow
}

/**
 * A message store over two, in whatever phase the move is. A write goes to the first store, whose
 * answer is the answer, and then to the second, under the same id and write time; a note of it lies
 * in MongoDB from before the first until after the second.
 *
 * A second store that fails fails nobody's request (policy `queue`): else each outage of the new
 * store would be one of the product's, which has not even moved there yet. The note stays, and is
 * settled later. With policy `fail` the answer is 503 and a retry settles it: for who would rather
 * stop than have the way back be some seconds old.
 */
export function migratingMessageStore(
  { sides, following, intents, shadow }: MigratingParts,
  runtime: Runtime,
): MessageStore {
  const { clock, log } = runtime
  let restUntil = 0

  interface Write<T> {
    /** What may differ if this goes wrong half way. */
    intents(primary: Side): Promise<Intent[]> | Intent[]
    act(primary: MessageStore): Promise<T>
    mirror(ends: Ends, result: T, deadline: Deadline): Promise<void>
  }

  const write = <T>(deadline: Deadline, { intents: intended, act, mirror }: Write<T>): Promise<T> =>
    following.write(deadline, async ({ phase, policy }) => {
      const { primary, follower } = rolesIn(phase, sides)
      if (!follower) return await act(primary.store)
      const notes = await intents.note(await intended(primary), deadline)
      // Should this reject, nobody knows what came of it: the notes stay until nothing can be under
      // way any more.
      const result = await act(primary.store)
      const ends = { from: primary.movable, to: follower.movable }
      const outcome = await follow(policy, ends, (by) => mirror(ends, result, by))
      if (outcome === 'followed') intents.done(notes)
      else if (outcome === 'missed') intents.failed(notes)
      else if (outcome !== 'unknown') await markRefused(notes, outcome.refused)
      return result
    })

  /**
   * `refused`: the second store will never take it as it is, and is well otherwise. `missed`: it
   * may be settled at once. `unknown`: what was sent may still arrive, also where the connection
   * broke, after what settles it and after a delete that the second store would not remember; the
   * note waits until nothing can be under way any more.
   */
  async function follow(
    policy: Policy,
    { to }: Ends,
    mirror: (by: Deadline) => Promise<void>,
  ): Promise<Outcome> {
    if (policy === 'queue' && clock.now() < restUntil) return 'missed'
    try {
      await mirror(deadlineAfter(MIRROR_MS, clock))
      return 'followed'
    } catch (error) {
      const refused = hasCode(error, 'ROW_REFUSED')
      if (policy === 'fail') throw refused ? error.cause : error
      if (refused) {
        log.error(
          { err: messageOf(error) },
          'the second store will not take a message; the move cannot be completed with it',
        )
        return { refused: messageOf(error) }
      }
      if (!hasCode(error, 'UNAVAILABLE', 'DEADLINE_EXCEEDED', 'CASSANDRA_REFUSED')) throw error
      restUntil = clock.now() + REST_MS
      log.warn(
        { err: messageOf(error) },
        'the second store does not follow; what it missed is written down',
      )
      return to.remembersDeletes ? 'missed' : 'unknown'
    }
  }

  /** Where it cannot be marked it stays as it is: what settles it is told the same. */
  async function markRefused(notes: readonly string[], why: string): Promise<void> {
    await intents.refused(notes, why, deadlineAfter(MIRROR_MS, clock)).catch((error: unknown) => {
      log.warn({ err: messageOf(error) }, 'a refused message could not be marked')
    })
  }

  const read = <T>(work: (primary: MessageStore, roles: Roles) => Promise<T>): Promise<T> =>
    following.read(({ phase }) => {
      const roles = rolesIn(phase, sides)
      return work(roles.primary.store, roles)
    })

  return {
    insert: (message, deadline, dedupe) => {
      const key = dedupe && `${dedupe.authorId}:${dedupe.channelId}:${dedupe.nonce}`
      return write(deadline, {
        intents: () => [
          { kind: 'insert', channelId: message.channelId, id: message.id, dedupe: key },
        ],
        act: (primary) => primary.insert(message, deadline, dedupe),
        async mirror(ends, { outcome, message: stored }, by) {
          if (outcome === 'taken') return
          // The nonce too: used before the cut-over, it is known after it.
          if (key !== undefined) await mirrorNonce(ends, key, by)
          if (outcome === 'inserted')
            return await mirrorRows(ends, [asSent(stored, key)], by, { edited: false })
          // There already, or deleted since: as it is now, and not as it was sent.
          const rows = await ends.from.rows([{ channelId: stored.channelId, id: stored.id }], by)
          await mirrorRows(ends, rows, by, { edited: true })
        },
      })
    },

    import: (messages, deadline) =>
      write(deadline, {
        intents: () => messages.map(({ channelId, id }) => ({ kind: 'insert', channelId, id })),
        act: (primary) => primary.import(messages, deadline),
        mirror: (ends, _, by) =>
          mirrorRows(
            ends,
            messages.map((message) => asSent(message)),
            by,
            { edited: false },
          ),
      }),

    edit: (edit, deadline) =>
      write<StoredMessage | 'absent'>(deadline, {
        intents: () => [{ kind: 'edit', channelId: edit.channelId, id: edit.id }],
        act: (primary) => primary.edit(edit, deadline),
        // The whole row: the backfill may not have brought it yet, and what it brings then is
        // older.
        mirror: async (ends, edited, by) =>
          edited === 'absent'
            ? undefined
            : await mirrorRows(ends, [asSent(edited)], by, { edited: true }),
      }),

    remove: (channel, ids, writeTimeMicros, deadline) => {
      let dedupes: ReadonlyMap<string, string | undefined> = new Map()
      return write(deadline, {
        // Only of what is there: a note of a delete is a licence to delete for ever.
        async intents({ movable }) {
          const there = await movable.existing(
            ids.map((id) => ({ channelId: channel, id })),
            deadline,
          )
          dedupes = new Map(there.map(({ id, dedupe }) => [id, dedupe]))
          return [...dedupes].map(([id, dedupe]) => ({
            kind: 'remove',
            channelId: channel,
            id,
            dedupe,
          }))
        },
        act: (primary) => primary.remove(channel, ids, writeTimeMicros, deadline),
        async mirror({ to }, removed, by) {
          if (removed.length > 0)
            await to.erase(
              removed.map((id) => ({ channelId: channel, id, dedupe: dedupes.get(id) })),
              by,
            )
        },
      })
    },

    react: (reaction, deadline) =>
      write(deadline, {
        intents: () => [{ kind: 'react', ...reaction }],
        act: (primary) => primary.react(reaction, deadline),
        mirror: async (ends, outcome, by) =>
          outcome === 'absent' || outcome === 'full'
            ? undefined
            : await mirrorReaction(ends, reaction, false, by),
      }),

    unreact: (reaction, deadline) => {
      let taken = reaction
      return write(deadline, {
        async intents({ movable }) {
          const there = await movable.reaction(reaction, deadline)
          // At least as late as what it takes back, or a backfill that read that a moment ago would
          // bring it again.
          if (there && there.writeTimeMicros > reaction.writeTimeMicros) taken = there
          return [{ kind: 'unreact', ...taken }]
        },
        act: (primary) => primary.unreact(reaction, deadline),
        mirror: async (ends, outcome, by) =>
          outcome === 'absent' ? undefined : await mirrorReaction(ends, taken, true, by),
      })
    },

    get: (channel, ids, deadline) => read((primary) => primary.get(channel, ids, deadline)),
    newest: (channels, deadline) => read((primary) => primary.newest(channels, deadline)),
    page: (channel, anchor, limit, deadline) =>
      read(async (primary, { follower }) => {
        const page = await primary.page(channel, anchor, limit, deadline)
        if (follower) shadow.compare({ channel, anchor, limit }, page, primary, follower.store)
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
