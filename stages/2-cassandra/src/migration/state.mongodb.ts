import { randomUUID } from 'node:crypto'
import { type Clock, deadlineAfter } from '@threshold/kit'
import {
  changeMigration,
  type Migration,
  type MigrationState,
  type Participant,
  type Phase,
} from '@threshold/migration'
import { isDuplicateKey, type MongoDatabase } from '@threshold/stage-1/mongodb'

const ID = 'mongo-cassandra'
/** The 11 s of `MigrationState`, and a margin. Ages are computed by the database's clock alone. */
const LIVE_MS = 18_000
const TIMEOUT_MS = 2_000

/**
 * The document as it is stored. Its names are older than those of the code, and stay: a move that
 * was begun before an upgrade goes on after it.
 */
interface MigrationDocument {
  _id: string
  v: 1
  run: string
  phase: 'mongo' | Exclude<Phase, 'source'>
  since: Date
  epoch: number
  entered: number
  generation: number
  to?: MigrationDocument['phase'] | null
  policy: Migration['policy']
  shadow: Migration['shadow']
  removed?: boolean | undefined
}

type ParticipantDocument = Omit<Participant, 'id' | 'silentMs'> & { _id: string; v: 1; at: Date }

/** The state of the move in MongoDB, which outlives it: people and guilds stay there. */
export function mongoMigrationState(mongo: MongoDatabase, clock: Clock): MigrationState {
  const migrations = mongo.db.collection<MigrationDocument>('migrations')
  const participants = mongo.db.collection<ParticipantDocument>('migration_participants')
  const rounds = mongo.db.collection<{ _id: string; differing: number }>('migration_rounds')
  const run = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    mongo.run(`migration.${name}`, deadlineAfter(TIMEOUT_MS, clock), work)

  const read = async (): Promise<Migration | undefined> => {
    const found = await run('read', () => migrations.findOne({ _id: ID }))
    return found ? fromDocument(found) : undefined
  }
  return {
    read,
    async begin(phase) {
      const first: Migration = {
        runId: randomUUID(),
        phase,
        since: new Date(clock.now()),
        epoch: 1,
        enteredEpoch: 1,
        generation: 0,
        policy: 'queue',
        shadow: { share: 0, round: 0 },
        sourceDropped: phase === 'decommissioned',
      }
      try {
        await run('begin', () => migrations.insertOne(toDocument(first)))
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
      return (await read())!
    },
    async update(from, change) {
      const next = changeMigration(from, change, clock.now())
      const { _id, ...document } = toDocument(next)
      // Replaces the whole document, and only the one that was read: of two concurrent updates one
      // finds nothing to replace.
      const replaced = await run('update', () =>
        migrations.replaceOne({ _id, epoch: from.epoch }, document),
      )
      return Number(replaced.matchedCount) > 0 ? next : undefined
    },
    async participants() {
      const all = await run('participants', () => participants.find().toArray())
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
      await run('report', () => participants.updateOne({ _id: id }, now, { upsert: true }))
    },
    async leave(id) {
      await run('leave', () => participants.deleteOne({ _id: id }))
    },
    async recordDifference(round) {
      await run('differed', () =>
        rounds.updateOne({ _id: String(round) }, { $inc: { differing: 1 } }, { upsert: true }),
      )
    },
    async countDifferences(round) {
      const found = await run('differences', () => rounds.findOne({ _id: String(round) }))
      return Number(found?.differing ?? 0)
    },
    async sourceHasMessages() {
      const first = await run('has-messages', () =>
        mongo.db.collection('messages').findOne({}, { projection: { _id: 1 } }),
      )
      return first !== null
    },
  }
}

const toStoredPhase = (phase: Phase): MigrationDocument['phase'] =>
  phase === 'source' ? 'mongo' : phase
const fromStoredPhase = (phase: MigrationDocument['phase']): Phase =>
  phase === 'mongo' ? 'source' : phase

function toDocument(migration: Migration): MigrationDocument {
  const { runId, phase, enteredEpoch, fencedFor, sourceDropped, ...same } = migration
  return {
    _id: ID,
    v: 1,
    ...same,
    run: runId,
    phase: toStoredPhase(phase),
    entered: enteredEpoch,
    to: fencedFor === undefined ? null : toStoredPhase(fencedFor),
    removed: sourceDropped,
  }
}

function fromDocument(document: MigrationDocument): Migration {
  const { _id, v, run, phase, entered, to, removed, ...same } = document
  return {
    ...same,
    runId: run,
    phase: fromStoredPhase(phase),
    enteredEpoch: entered,
    fencedFor: to ? fromStoredPhase(to) : undefined,
    sourceDropped: removed,
  }
}
