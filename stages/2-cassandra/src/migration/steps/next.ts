import { CodedError, hasCode } from '@threshold/kit'
import type { Checkpoints } from './checkpoints.ts'
import { begun, command, type Look, type StepName } from './move.ts'
import { readsOf } from './reads.ts'

export interface Next {
  /** Undefined when the move is over. */
  readonly step: StepName | undefined
  /** For people: the command, and what must be done before it. */
  readonly text: string
}

export const START_STAGE =
  'start stage 2 on these databases; it serves the messages from where they are'

/**
 * The step that leads on, by the state of the move and by nothing else. `status`, `plan`, every
 * step that is done and every step that is refused say it in these words.
 */
export async function nextOf(
  { state, intents }: Pick<Look, 'state' | 'intents'>,
  checkpoints: Checkpoints,
): Promise<Next> {
  const migration = await begun(state)
  const step = await stepAfter()
  if (step === undefined) return { step, text: 'nothing: the move is over' }
  const words =
    step === 'decommission' && migration.phase === 'cutover'
      ? `${command(step)}, or ${command('rollback')}`
      : command(step)
  const first = await beforehand(step)
  return { step, text: first === undefined ? words : `${first}, then ${words}` }

  async function stepAfter(): Promise<StepName | undefined> {
    switch (migration.phase) {
      case 'mongo':
        return 'dual-write'
      case 'dual-write': {
        if (checkpoints.outcome('backfill')?.key !== migration.generation) return 'backfill'
        const verified = checkpoints.outcome('verify')
        if (!verified?.clean || verified.key !== migration.entered) return 'verify'
        const { same, differing, failed } = await readsOf(state, migration.shadow.round)
        return differing > 0 || (same === 0 && failed > 0) ? 'verify' : 'cutover'
      }
      case 'cutover':
        return 'decommission'
      case 'decommissioned':
        return migration.removed ? undefined : 'decommission'
    }
  }

  async function beforehand(next: StepName): Promise<string | undefined> {
    if (migration.phase === 'decommissioned') return undefined
    if (next !== 'backfill' && next !== 'verify' && (await state.followers()).length === 0)
      return START_STAGE
    const [refused] = await intents.refusals(1, { at: Date.now() + 5_000 })
    return refused === undefined ? undefined : REFUSED_NEXT
  }
}

export const REFUSED_NEXT =
  'shorten or delete the message that Cassandra will not take, or raise commitlog_segment_size in cassandra.yaml'

/** Refusals that a later try of the same step may not meet. */
const AGAIN = ['UNAVAILABLE', 'DEADLINE_EXCEEDED'] as const

/**
 * An error with a next step. One that names a command is whole; one that names what must be done
 * first is followed by the same step again; and one that names nothing means that another step
 * comes now.
 */
export async function withNext(
  error: unknown,
  step: StepName,
  next: () => Promise<Next>,
): Promise<unknown> {
  if (!hasCode(error) || error.next?.includes('npx threshold')) return error
  const first =
    error.next ?? (hasCode(error, ...AGAIN) ? 'see that both databases are up and well' : undefined)
  // The database that says where the move is may be the one that is away.
  const text =
    first === undefined
      ? (await next().catch(() => ({ text: command('status') }))).text
      : `${first}, then ${command(step)}`
  return new CodedError(error.code, error.message, { cause: error, next: text })
}
