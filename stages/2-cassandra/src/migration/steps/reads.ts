import { setTimeout as delay } from 'node:timers/promises'
import type { Migration, MigrationState, ShadowReads } from '../phases.ts'
import { COMPARED_WITHIN_MS } from '../shadow.ts'
import type { Look } from './move.ts'

/** Pages: what is wrong with many of them shows in so few, and any traffic brings them at once. */
const ENOUGH = 20
/**
 * Of a chat in which nobody reads there is nothing to compare, and a cut-over need not wait for it.
 */
const WITHIN_MS = 5_000
/** By then a page that differed at the beginning is known to, and told. */
const AT_LEAST_MS = 2_500
const LOOK_MS = 100

/** Pages that were read from both stores in a round, by what came of it. */
export async function readsOf(
  state: Pick<MigrationState, 'followers' | 'differences'>,
  round: number,
): Promise<Omit<ShadowReads, 'round'>> {
  const reads = (await state.followers())
    .map((one) => one.shadow)
    .filter((one) => one.round === round)
  const sum = (of: keyof ShadowReads): number => reads.reduce((total, one) => total + one[of], 0)
  // Kept apart, for good: the process that saw it may have ended since.
  const differing = Math.max(await state.differences(round), sum('differing'))
  return { same: sum('same'), differing, failed: sum('failed'), doubtful: sum('doubtful') }
}

/**
 * What readers were shown from both stores since the last verification. The processes have to hear
 * first that they should compare, so a cut-over that comes straight after it waits until some pages
 * have been; and a page that differs is read again for some seconds before it is told, so it waits
 * for those.
 */
export async function comparedReads(
  { state, teller }: Look,
  { shadow }: Migration,
): Promise<Omit<ShadowReads, 'round' | 'doubtful'>> {
  const began = Date.now()
  const past = (ms: number): boolean => shadow.share === 0 || Date.now() - began >= ms
  for (let told = false; ; ) {
    const { same, differing, failed, doubtful } = await readsOf(state, shadow.round)
    const enough = (same >= ENOUGH && past(AT_LEAST_MS)) || past(WITHIN_MS)
    const decided = doubtful === 0 || past(WITHIN_MS + COMPARED_WITHIN_MS)
    if (differing > 0 || (enough && decided)) return { same, differing, failed }
    if (!told) teller.progress('waiting for pages to be read from both stores')
    told = true
    await delay(LOOK_MS)
  }
}
