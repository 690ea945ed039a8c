/*
 * A stage needs these to take part in a move and to implement its ports. The migrator is another
 * entry, `@threshold/migration/migrator`, and the stage does not load it.
 */
export type { MoveEnd, MoveEnds } from './dual-store.ts'
export {
  type MigratingMessageStore,
  openMigratingStore,
} from './migrating-store.ts'
export { equalRanges, idRanges, rangeCount } from './ranges.ts'
export {
  type ExistingMessage,
  type MessageKey,
  type MessageRow,
  type MigrationPort,
  type MigrationSource,
  type MigrationTarget,
  messageKey,
  messagesAfter,
  type Nonce,
  REACTIONS_PAGE,
  reactionKey,
} from './replica.ts'
export { bytesOf, slices } from './sizes.ts'
export {
  changeMigration,
  IN_FLIGHT_MS,
  type Migration,
  type MigrationState,
  type Participant,
  type RecordedIntent,
  type WriteIntent,
  type WriteIntents,
} from './state.ts'
export type { Phase } from './transitions.ts'
