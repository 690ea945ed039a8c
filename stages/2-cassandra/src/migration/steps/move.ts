import { randomUUID } from 'node:crypto'
import { CodedError, type Runtime } from '@threshold/kit'
import { type MongoDatabase, mongoDatabase } from '@threshold/stage-1/mongodb'
import {
  type CassandraConfig,
  type CassandraDatabase,
  cassandraDatabase,
} from '../../cassandra/database.ts'
import { createIntents, type Intents } from '../intents.ts'
import { cassandraMovable } from '../movable.cassandra.ts'
import { type MongoMovable, mongoMovable } from '../movable.mongodb.ts'
import type { Movable } from '../movable.ts'
import {
  type Migration,
  type MigrationState,
  migrationState,
  neverMoved,
  type Phase,
  type Policy,
} from '../phases.ts'
import {
  type Checkpoints,
  lockMigrator,
  openCheckpoints,
  removeCheckpoints,
} from './checkpoints.ts'

export const STEPS = [
  'plan',
  'dual-write',
  'backfill',
  'verify',
  'cutover',
  'rollback',
  'decommission',
  'status',
  'all',
] as const
export type StepName = (typeof STEPS)[number]

export interface MigratorConfig {
  readonly mongodb: { readonly uri: string }
  readonly cassandra: CassandraConfig
  /** The folder of checkpoints. */
  readonly folder: string
  /** Ranges under way at once. */
  readonly concurrency: number
  /** Rows a second at the most. */
  readonly rate: number | undefined
  /** Undefined: as it is. */
  readonly policy: Policy | undefined
  /** The share of pages that are compared once a verification was clean. */
  readonly shadow: number
}

export interface Teller {
  /** A result. */
  say(line: string): void
  /** Something on the way. */
  progress(line: string): void
  /** Called before and after everything that is persisted for good, with a name of the moment. */
  moment?(name: string): void
}

/**
 * What every step of the migrator works with. MongoDB alone: to look, and to leave a Cassandra that
 * is ill, must not take the Cassandra that is ill.
 */
export interface Look extends AsyncDisposable {
  readonly config: MigratorConfig
  readonly teller: Teller
  readonly runtime: Runtime
  readonly state: MigrationState
  readonly mongo: MongoDatabase
  readonly source: MongoMovable
  readonly intents: Intents
  /** The document, freed of a hold that a migrator left behind. */
  migration(): Promise<Migration>
  /** Of this migrator alone, from now on. */
  checkpoints(run: string): Checkpoints
  /** To look at, while another migrator may be at work. */
  reading(run?: string): Checkpoints
  /** They go with the end of this process: the move is over. */
  forget(run: string): void
  change(
    from: Migration,
    what: string,
    change: Parameters<MigrationState['move']>[1],
  ): Promise<Migration | undefined>
  /** Cassandra too. */
  open(): Promise<Move>
}

/** What a step works with that writes to both stores. */
export interface Move extends Look {
  readonly cassandra: CassandraDatabase
  readonly target: Movable
}

export const command = (step: StepName): string => `npx threshold migrate mongo-cassandra ${step}`

export async function openLook(
  config: MigratorConfig,
  teller: Teller,
  runtime: Runtime,
): Promise<Look> {
  await using opened = new AsyncDisposableStack()
  const mongo = opened.use(await mongoDatabase(config.mongodb))
  const state = migrationState(mongo, runtime.clock)
  const intents = opened.use(await createIntents(mongo, randomUUID(), runtime))
  let checkpoints: Checkpoints | undefined
  let over: string | undefined
  let whole: Move | undefined
  // Before the checkpoints are opened, and therefore after they are closed.
  opened.defer(() => (over === undefined ? undefined : removeCheckpoints(config.folder, over)))
  const closing = opened.move()

  const change: Move['change'] = async (from, what, changes) => {
    teller.moment?.(`before ${what}`)
    const moved = await state.move(from, changes)
    teller.moment?.(`after ${what}`)
    return moved
  }
  const look: Look = {
    ...{ config, teller, runtime, state, mongo, intents, change },
    source: mongoMovable(mongo),
    async migration() {
      for (;;) {
        const found = await begun(state)
        if (found.to === undefined) return found
        await change(found, 'letting writes go', { to: undefined })
      }
    },
    checkpoints(run) {
      if (checkpoints === undefined) {
        closing.use(lockMigrator(config.folder, run))
        checkpoints = closing.use(openCheckpoints(config.folder, run))
      }
      return checkpoints
    },
    reading: (run = 'none') =>
      closing.use(openCheckpoints(run === 'none' ? undefined : config.folder, run)),
    forget(run) {
      over = run
    },
    async open() {
      if (whole) return whole
      const cassandra = closing.use(
        await cassandraDatabase({ ...config.cassandra, speculate: false }),
      )
      whole = { ...look, cassandra, target: cassandraMovable(cassandra, config.cassandra) }
      return whole
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
  return look
}

/**
 * The document as it is, with whatever hold. The stage writes it: where there is none, nothing that
 * is running would follow it.
 */
export async function begun(state: MigrationState): Promise<Migration> {
  const found = await state.read()
  if (found && !neverMoved(found)) return found
  if (!found && (await state.hasMessages())) {
    const why =
      'no stage 2 has been started on this database: a process that writes to it now would not follow the move'
    throw new CodedError('NO_FOLLOWER', why, {
      next: `start stage 2 in the place of stage 1, with the same database; it serves the messages from where they are, then ${command('dual-write')}`,
    })
  }
  const why = found
    ? 'messages are on Cassandra from the beginning'
    : 'there are no messages on this MongoDB, and no stage 2 that puts them there'
  throw new CodedError('NOTHING_TO_MOVE', why, {
    next: 'npx threshold stage 2 --migrating starts a stage whose messages are on MongoDB',
  })
}

/** Which step comes now is added where the state of the move is known: see `withNext`. */
export function outOfOrder(step: StepName, { phase }: Migration, missing?: StepName): CodedError {
  const why = missing === undefined ? '' : `, and its ${missing} is not done`
  return new CodedError(
    'OUT_OF_ORDER',
    `${step} is not what comes now: the move is in phase ${phase}${why}`,
  )
}

export function needs(step: StepName, migration: Migration, phase: Phase): void {
  if (migration.phase !== phase) throw outOfOrder(step, migration)
}
