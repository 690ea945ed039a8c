import { type Migration, neverMoved } from '../phases.ts'
import type { Checkpoints } from './checkpoints.ts'
import { insist } from './insist.ts'
import { begun, command, type Look, type StepName } from './move.ts'
import { idRanges, whole } from './ranges.ts'
import { divergenceByRange } from './verify.ts'

export function nextStep(migration: Migration, checkpoints: Checkpoints): StepName {
  switch (migration.phase) {
    case 'mongo':
      return 'dual-write'
    case 'dual-write': {
      if (checkpoints.outcome('backfill')?.key !== migration.generation) return 'backfill'
      const verified = checkpoints.outcome('verify')
      return verified?.clean && verified.key === migration.entered ? 'cutover' : 'verify'
    }
    case 'cutover':
      return 'decommission'
    case 'decommissioned':
      return migration.removed ? 'status' : 'decommission'
  }
}

/** What there is to move and how it would be done. Changes nothing. */
export async function plan(move: Look, checkpoints: Checkpoints): Promise<void> {
  const { teller, source, config, state } = move
  const migration = await begun(state)
  const span = await insist(source.span)
  const followers = await state.followers()
  teller.say(`phase: ${migration.phase}; ${followers.length} processes follow the move`)
  if (span) {
    const ranges = idRanges(span).length
    const pace = config.rate === undefined ? '' : `, at most ${whole(config.rate)} rows/s: about ${whole(span.about / config.rate)} s`
    teller.say(`to copy: about ${whole(span.about)} messages in ${ranges} ranges, ${config.concurrency} at once${pace}`)
  } else teller.say('to copy: nothing')
  teller.say('steps: dual-write, backfill, verify, cutover, decommission; rollback leads back from each but the last')
  teller.say(`next: ${command(nextStep(migration, checkpoints))}`)
}

export async function status(move: Look, checkpoints: Checkpoints): Promise<void> {
  const { teller, state, intents } = move
  const found = await state.read()
  if (found && neverMoved(found)) return teller.say('no move has begun: messages are on Cassandra from the beginning')
  if (!found) {
    const next = (await state.hasMessages()) ? 'stage 2 has not been started on these databases yet' : 'there is nothing to move'
    return teller.say(`no move has begun: ${next}`)
  }
  const held = found.to === undefined ? '' : `, writes wait for ${found.to}`
  teller.say(`phase: ${found.phase} since ${found.since.toISOString()}${held}; policy ${found.policy}`)
  const followers = await state.followers()
  const behind = followers.filter(({ epoch }) => epoch < found.epoch).length
  teller.say(`processes that follow: ${followers.length}${behind === 0 ? '' : `, ${behind} not yet up to this`}`)
  const waiting = await intents.waiting(0, { at: Date.now() + 5_000 })
  teller.say(`writes to be settled in both stores: ${waiting}`)
  for (const step of ['backfill', 'verify'] as const) {
    const ranges = checkpoints.ranges(step)
    if (ranges.length === 0) continue
    const outcome = checkpoints.outcome(step)
    const stale = outcome && outcome.key !== (step === 'backfill' ? found.generation : found.entered)
    const how = stale ? 'of an earlier attempt' : outcome ? (outcome.clean ? 'done' : 'found differences') : 'under way'
    teller.say(`${step}: ${ranges.filter(({ done }) => done).length} of ${ranges.length} ranges, ${how}`)
  }
  for (const line of divergenceByRange(checkpoints.ranges('verify'))) teller.say(line)
  const next = nextStep(found, checkpoints)
  if (next !== 'status') teller.say(`next: ${command(next)}`)
}
