import { randomUUID } from 'node:crypto'
import { type Clock, type Deadline, deadlineAfter } from '@threshold/kit'
import { isDuplicateKey, type MongoDatabase } from '@threshold/stage-1/mongodb'

/**
 * Where messages are while they move. `mongo`: there alone, as stage 1 left them. `dual-write`:
 * MongoDB decides and is read, Cassandra follows. `cutover`: Cassandra decides and is read, MongoDB
 * follows, so that there is a way back. `decommissioned`: Cassandra alone, and no way back.
 */
export const PHASES = ['mongo', 'dual-write', 'cutover', 'decommissioned'] as const
export type Phase = (typeof PHASES)[number]

/**
 * What becomes of a write that the first store has and the second refuses: answered and repaired
 * later, or answered 503.
 */
export type Policy = 'queue' | 'fail'

/**
 * The one document that everybody goes by. It lies in MongoDB, which outlives the move: people and
 * guilds stay there.
 */
export interface Migration {
  readonly v: 1
  /** Names the migrator's checkpoints, which are worth nothing beside another database. */
  readonly run: string
  readonly phase: Phase
  readonly since: Date
  /** Counts changes: a change is made only to what its maker has read. */
  readonly epoch: number
  /**
   * The epoch in which this phase began. A verification is good for as long as this stays the same.
   */
  readonly entered: number
  /**
   * The epoch in which dual writes began. A backfill is good for as long as this stays the same.
   */
  readonly generation: number
  /**
   * Writes wait while this is set: between two phases whose first stores differ nobody may write by
   * the old one.
   */
  readonly to?: Phase
  readonly policy: Policy
  /**
   * The share of pages that are read from both stores and compared; each verification begins a
   * round of its own.
   */
  readonly shadow: { readonly share: number; readonly round: number }
  /**
   * What MongoDB had of messages is removed, or there never was any: there is nothing left to do.
   */
  readonly removed?: boolean
}

/**
 * Written by a stage that began on Cassandra: messages that turn up on MongoDB later are not where
 * they belong, and hide none.
 */
export const neverMoved = ({ phase, generation }: Migration): boolean =>
  phase === 'decommissioned' && generation === 0

export interface ShadowReads {
  readonly round: number
  readonly same: number
  readonly differing: number
  /** Pages of which one store could not be read. */
  readonly failed: number
  /** Pages that have differed for a while, and are read again. */
  readonly doubtful: number
}

/** A process that goes by the document, and how far it has got. */
export interface Follower {
  readonly id: string
  /** Everything it began before this epoch has ended. */
  readonly epoch: number
  /** Since it was last heard of, by the database's clock: its own may have been set back. */
  readonly silentMs: number
  readonly shadow: ShadowReads
}

export interface MigrationState {
  read(): Promise<Migration | undefined>
  /** Writes the first document, unless another was quicker; answers the one that is there. */
  begin(phase: Phase): Promise<Migration>
  /** Undefined when it has been changed since it was read. */
  move(
    from: Migration,
    change: Partial<Omit<Migration, 'v' | 'run' | 'epoch'>>,
  ): Promise<Migration | undefined>
  /** Those that have been heard of within a time in which each would have reported many times. */
  followers(): Promise<Follower[]>
  report(follower: Omit<Follower, 'silentMs'>): Promise<void>
  leave(id: string): Promise<void>
  /**
   * A page that was read from both stores differed: for good, since the process that saw it may end
   * before it is asked.
   */
  differed(round: number): Promise<void>
  /** How often in this round. */
  differences(round: number): Promise<number>
  /** Whether stage 1 left messages here. */
  hasMessages(): Promise<boolean>
}

const ID = 'mongo-cassandra'
/**
 * Whoever was not heard of for this long writes nothing any more. A process goes by what it read
 * last for 5 s (`LEASE_MS`), then finishes what it began within a request's 5 s and a mirror's one,
 * and may have reported a second before it read: 12 s. Only the database's clock is asked, and
 * durations are measured by clocks that nobody sets.
 */
const LIVE_MS = 18_000
const WITHIN_MS = 2_000

type Stored = Omit<Migration, 'to'> & { _id: string; to?: Phase | null }
type StoredFollower = Omit<Follower, 'id' | 'silentMs'> & { _id: string; v: 1; at: Date }

export function migrationState(mongo: MongoDatabase, clock: Clock): MigrationState {
  const documents = mongo.db.collection<Stored>('migrations')
  const processes = mongo.db.collection<StoredFollower>('migration_followers')
  const rounds = mongo.db.collection<{ _id: string; differing: number }>('migration_rounds')
  const soon = (): Deadline => deadlineAfter(WITHIN_MS, clock)
  const run = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    mongo.run(`migration.${what}`, soon(), work)

  const read = async (): Promise<Migration | undefined> => {
    const found = await run('read', () => documents.findOne({ _id: ID }))
    if (!found) return undefined
    const { _id, to, ...rest } = found
    return { ...rest, ...(to ? { to } : {}) }
  }
  return {
    read,
    async begin(phase) {
      const since = new Date(clock.now())
      const first: Stored = {
        ...{ _id: ID, v: 1, run: randomUUID(), phase, since, epoch: 1, entered: 1, generation: 0 },
        ...{ policy: 'queue', shadow: { share: 0, round: 0 }, removed: phase === 'decommissioned' },
      }
      try {
        await run('begin', () => documents.insertOne(first))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
      return (await read())!
    },
    async move(from, change) {
      const epoch = from.epoch + 1
      // Dual writes begin: what was copied before is not known to be whole any more.
      const generation =
        change.phase === 'dual-write' && from.phase === 'mongo' ? { generation: epoch } : {}
      const entered = change.phase !== undefined && change.phase !== from.phase
      const { to, ...next }: Migration = {
        ...{ ...from, ...change, epoch, ...generation },
        ...(entered ? { since: new Date(clock.now()), entered: epoch } : {}),
      }
      // Replaced as a whole, and only the document that was read: of two who change it at once one
      // finds it gone.
      const replaced = await run('move', () =>
        documents.replaceOne({ _id: ID, epoch: from.epoch }, { ...next, to: to ?? null }),
      )
      return Number(replaced.matchedCount) > 0 ? { ...next, ...(to ? { to } : {}) } : undefined
    },
    async followers() {
      const all = await run('followers', () => processes.find().toArray())
      const { localTime } = (await run('time', () => mongo.db.command({ hello: 1 }))) as {
        localTime: Date
      }
      return all
        .map(({ _id, v, at, ...rest }) => ({
          id: _id,
          silentMs: localTime.getTime() - at.getTime(),
          ...rest,
        }))
        .filter(({ silentMs }) => silentMs < LIVE_MS)
    },
    async report({ id, ...rest }) {
      const now = { $set: { v: 1, ...rest }, $currentDate: { at: true } } as const
      await run('report', () => processes.updateOne({ _id: id }, now, { upsert: true }))
    },
    async leave(id) {
      await run('leave', () => processes.deleteOne({ _id: id }))
    },
    async differed(round) {
      await run('differed', () =>
        rounds.updateOne({ _id: String(round) }, { $inc: { differing: 1 } }, { upsert: true }),
      )
    },
    async differences(round) {
      return Number(
        (await run('differences', () => rounds.findOne({ _id: String(round) })))?.differing ?? 0,
      )
    },
    async hasMessages() {
      return (
        (await run('look', () =>
          mongo.db.collection('messages').findOne({}, { projection: { _id: 1 } }),
        )) !== null
      )
    },
  }
}
