import { hasCode } from '@threshold/kit'
import type { Migration } from '../phases.ts'
import type { Checkpoints, Outcome } from './checkpoints.ts'
import { insist } from './insist.ts'
import { begun, type Look } from './move.ts'
import { nextOf } from './next.ts'
import { idRanges, whole } from './ranges.ts'
import { divergenceByRange } from './verify.ts'

/** What there is to move and how it would be done. Changes nothing. */
export async function plan(move: Look, checkpoints: Checkpoints): Promise<void> {
  const { teller, source, config, state } = move
  const migration = await begun(state)
  const span = await insist(source.span)
  const followers = await state.followers()
  teller.say(`phase: ${migration.phase}; ${followers.length} processes follow the move`)
  if (span) {
    const ranges = idRanges(span).length
    const pace =
      config.rate === undefined
        ? ''
        : `, at most ${whole(config.rate)} rows/s: about ${whole(span.about / config.rate)} s`
    teller.say(
      `to copy: about ${whole(span.about)} messages in ${ranges} ranges, ${config.concurrency} at once${pace}`,
    )
  } else teller.say('to copy: nothing')
  teller.say(
    'steps: dual-write, backfill, verify, cutover, decommission; rollback leads back from each but the last',
  )
  teller.say(`next: ${(await nextOf(move, checkpoints)).text}`)
}

export async function status(move: Look, checkpoints: Checkpoints): Promise<void> {
  const { teller, state, intents } = move
  const found = await begunOrWhy(move)
  if (typeof found === 'string') return teller.say(found)
  const held = found.to === undefined ? '' : `, writes wait for ${found.to}`
  teller.say(
    `phase: ${found.phase} since ${found.since.toISOString()}${held}; policy ${found.policy}`,
  )
  const followers = await state.followers()
  const behind = followers.filter(({ epoch }) => epoch < found.epoch).length
  teller.say(
    `processes that follow: ${followers.length}${behind === 0 ? '' : `, ${behind} not yet up to this`}`,
  )
  const waiting = await intents.waiting(0, { at: Date.now() + 5_000 })
  teller.say(`writes to be settled in both stores: ${waiting}`)
  for (const step of ['backfill', 'verify'] as const) {
    const ranges = checkpoints.ranges(step)
    if (ranges.length === 0) continue
    const outcome = checkpoints.outcome(step)
    teller.say(
      `${step}: ${ranges.filter(({ done }) => done).length} of ${ranges.length} ranges, ${howFar(step, found, outcome)}`,
    )
  }
  const refused = await intents.refusals(REFUSALS, { at: Date.now() + 5_000 })
  for (const { refused: why } of refused) teller.say(`refused: ${why}`)
  for (const line of divergenceByRange(checkpoints.ranges('verify'))) teller.say(line)
  teller.say(`next: ${(await nextOf(move, checkpoints)).text}`)
}

/** Messages that are named; more say the same. */
const REFUSALS = 10

async function begunOrWhy({ state }: Look): Promise<Migration | string> {
  try {
    return await begun(state)
  } catch (error) {
    if (!hasCode(error, 'NO_FOLLOWER', 'NOTHING_TO_MOVE')) throw error
    return `no move has begun: ${error.message}\nnext: ${error.next}`
  }
}

function howFar(
  step: 'backfill' | 'verify',
  { phase, generation, entered }: Migration,
  outcome: Outcome | undefined,
): string {
  if (outcome === undefined) return 'under way'
  // The cut-over took place on it; what the phase before needed is not asked for again.
  const over = phase === 'cutover' || phase === 'decommissioned'
  if (!over && outcome.key !== (step === 'backfill' ? generation : entered))
    return 'of an earlier attempt'
  return outcome.clean ? 'done' : 'found differences'
}
