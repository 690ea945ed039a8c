import type { Step } from './transitions.ts'

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

export const commandOf = ({ move }: MoveNames, step: Step): string =>
  `npx threshold migrate ${move} ${step}`

export const startStage = ({ stage }: MoveNames): string =>
  `start ${stage} on these databases; it serves the messages from where they are`

export const fixRefusedRow = ({ target, acceptLargerRow }: MoveNames): string =>
  `shorten or delete the message that ${target} will not take, or ${acceptLargerRow}`
