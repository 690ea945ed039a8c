import { CodedError, type Deadline } from '@threshold/kit'
import {
  type Checkpoints,
  lockMigrator,
  openCheckpoints,
  removeCheckpoints,
} from './checkpoints.ts'
import type { MigrationSource, MigrationTarget } from './replica.ts'
import {
  type Migration,
  type MigrationChange,
  type MigrationState,
  neverMoved,
  type Policy,
  type WriteIntents,
} from './state.ts'
import type { Step } from './transitions.ts'

export interface MigratorOptions {
  /** The folder of checkpoints. */
  readonly folder: string
  /** Ranges under way at once. */
  readonly concurrency: number
  /** Rows a second at most. */
  readonly rate: number | undefined
  /** Undefined: leave it as it is. */
  readonly policy: Policy | undefined
  /** The share of pages that are compared once a verification was clean. */
  readonly shadow: number
}

export interface Reporter {
  /** A result, for stdout. */
  result(line: string): void
  /** Something on the way, for stderr. */
  progress(line: string): void
  /** Called before and after everything that is made durable. Tests die here. */
  failpoint?(name: string): void
}

/** The caller's names for a move, for what the migrator says and for what it advises. */
export interface MoveNames {
  /** The name on the command line: `mongo-cassandra`. */
  readonly move: string
  readonly source: string
  readonly target: string
  /** The stage whose processes follow the move, and the one that it replaces: `stage 2`. */
  readonly stage: string
  readonly previousStage: string
  /** A command that starts a stage on empty databases whose messages begin on the source. */
  readonly startEmpty: string
  /** The place in the target that messages go to: `keyspace chat`. */
  readonly targetPlace: string
  /** How to name an empty place, for the stage and for the migrator. */
  readonly useEmptyTarget: string
  /** How to make the target take a larger row. */
  readonly acceptLargerRow: string
  /** The code of a rollback that the target does not answer, and how to bring the target back. */
  readonly targetAway: { readonly code: string; readonly advice: string }
}

/** A part of the source's copy, or of the move's own state, that goes with the last step. */
export interface Leftover {
  readonly name: string
  drop(deadline: Deadline): Promise<void>
}

/** The stores of a move. The caller opens the source, the state and the intents. */
export interface MigratorPorts {
  readonly names: MoveNames
  readonly state: MigrationState
  readonly intents: WriteIntents
  readonly source: MigrationSource
  /** Opened when a step needs it: looking at a move, and leaving a sick target, must not. */
  openTarget(): Promise<MigrationTarget & AsyncDisposable>
  /** Dropped in this order. */
  readonly leftovers: readonly Leftover[]
}

/** Passed to every step. */
export interface MigratorContext extends Omit<MigratorPorts, 'openTarget'>, AsyncDisposable {
  readonly options: MigratorOptions
  readonly reporter: Reporter
  /** The document, after lowering a write fence that a dead migrator left up. */
  migration(): Promise<Migration>
  /** Locks the move for this migrator. Throws `MIGRATOR_RUNNING`. */
  checkpoints(runId: string): Checkpoints
  /** Takes no lock: another migrator may be at work. */
  readCheckpoints(runId?: string): Checkpoints
  /** Removes the checkpoints when this migrator closes: the move is over. */
  removeCheckpoints(runId: string): void
  /** Updates the document between two failpoints. */
  updateState(
    from: Migration,
    name: string,
    change: MigrationChange,
  ): Promise<Migration | undefined>
  openTarget(): Promise<DualStoreContext>
}

/** Passed to a step that writes to both stores. */
export interface DualStoreContext extends MigratorContext {
  readonly target: MigrationTarget
}

export const commandOf = ({ move }: MoveNames, step: Step): string =>
  `npx threshold migrate ${move} ${step}`

export const startStage = ({ stage }: MoveNames): string =>
  `start ${stage} on these databases; it serves the messages from where they are`

export const fixRefusedRow = ({ target, acceptLargerRow }: MoveNames): string =>
  `shorten or delete the message that ${target} will not take, or ${acceptLargerRow}`

export function openMigrator(
  ports: MigratorPorts,
  options: MigratorOptions,
  reporter: Reporter,
): MigratorContext {
  const closing = new AsyncDisposableStack()
  const { state, names } = ports
  const { folder } = options
  let checkpoints: Checkpoints | undefined
  let finishedRun: string | undefined
  let dual: DualStoreContext | undefined
  // Deferred before the checkpoints are opened, and so run after they are closed.
  closing.defer(async () => {
    if (finishedRun !== undefined) await removeCheckpoints(folder, finishedRun)
  })

  const updateState: MigratorContext['updateState'] = async (from, name, change) => {
    reporter.failpoint?.(`before ${name}`)
    const updated = await state.update(from, change)
    reporter.failpoint?.(`after ${name}`)
    return updated
  }
  const context: MigratorContext = {
    ...ports,
    options,
    reporter,
    updateState,
    async migration() {
      for (;;) {
        const found = await startedMigration(context)
        if (found.fencedFor === undefined) return found
        await updateState(found, 'lowering the fence', { fencedFor: undefined })
      }
    },
    checkpoints(runId) {
      if (checkpoints === undefined) {
        closing.use(lockMigrator(folder, runId, commandOf(names, 'status')))
        checkpoints = closing.use(openCheckpoints(folder, runId))
      }
      return checkpoints
    },
    readCheckpoints: (runId) =>
      closing.use(openCheckpoints(runId === undefined ? undefined : folder, runId ?? 'none')),
    removeCheckpoints(runId) {
      finishedRun = runId
    },
    async openTarget() {
      dual ??= { ...context, target: closing.use(await ports.openTarget()) }
      return dual
    },
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  }
  return context
}

/**
 * The document as it is, whatever fence is up. The stage writes it at its first start; where there
 * is none, no process that is running follows the move.
 */
export async function startedMigration({
  state,
  names,
}: Pick<MigratorContext, 'state' | 'names'>): Promise<Migration> {
  const found = await state.read()
  if (found && !neverMoved(found)) return found
  const { source, target, stage, previousStage, startEmpty } = names
  if (!found && (await state.sourceHasMessages())) {
    const why =
      `no ${stage} has been started on this database: a process that writes to it ` +
      `now would not follow the move`
    const next =
      `start ${stage} in the place of ${previousStage}, with the same database; it ` +
      `serves the messages from where they are, then ${commandOf(names, 'dual-write')}`
    throw new CodedError('NO_PARTICIPANT', why, { next })
  }
  const why = found
    ? `messages are on ${target} from the beginning`
    : `there are no messages on this ${source}, and no ${stage} that puts them there`
  throw new CodedError('NOTHING_TO_MOVE', why, { next: startEmpty })
}
