import { setTimeout as delay } from 'node:timers/promises'
import type { Migration, ShadowReads } from '../phases.ts'
import type { Look } from './move.ts'

/** Pages: what is wrong with many of them shows in so few, and any traffic brings them at once. */
const ENOUGH = 20
/** Of a chat in which nobody reads there is nothing to compare, and a cut-over need not wait for it. */
const WITHIN_MS = 5_000
const LOOK_MS = 100

/**
 * What readers were shown from both stores since the last verification. The processes have to hear first that they should
 * compare, so a cut-over that comes straight after it waits until some pages have been.
 */
export async function comparedReads({ state, teller }: Look, { shadow }: Migration): Promise<Pick<ShadowReads, 'same' | 'differing'>> {
  const until = Date.now() + (shadow.share === 0 ? 0 : WITHIN_MS)
  for (let told = false; ; ) {
    const reads = (await state.followers()).map((one) => one.shadow).filter(({ round }) => round === shadow.round)
    const same = reads.reduce((sum, one) => sum + one.same, 0)
    // Kept apart, for good: the process that saw it may have ended since.
    const differing = Math.max(
      await state.differences(shadow.round),
      reads.reduce((sum, one) => sum + one.differing, 0),
    )
    if (differing > 0 || same >= ENOUGH || Date.now() >= until) return { same, differing }
    if (!told) teller.progress('waiting for pages to be read from both stores')
    told = true
    await delay(LOOK_MS)
  }
}
