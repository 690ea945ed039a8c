import { setTimeout as delay } from 'node:timers/promises'
import type { Migration, ShadowReads } from '../phases.ts'
import { COMPARED_WITHIN_MS } from '../shadow.ts'
import type { Look } from './move.ts'

/** Pages: what is wrong with many of them shows in so few, and any traffic brings them at once. */
const ENOUGH = 20
/** Of a chat in which nobody reads there is nothing to compare, and a cut-over need not wait for it. */
const WITHIN_MS = 5_000
const LOOK_MS = 100

/**
 * What readers were shown from both stores since the last verification. The processes have to hear first that they should
 * compare, so a cut-over that comes straight after it waits until some pages have been; and a page that differs is read again for
 * some seconds before it is told, so it waits for those.
 */
export async function comparedReads({ state, teller }: Look, { shadow }: Migration): Promise<Omit<ShadowReads, 'round' | 'doubtful'>> {
  const until = Date.now() + (shadow.share === 0 ? 0 : WITHIN_MS)
  const atLast = until + (shadow.share === 0 ? 0 : COMPARED_WITHIN_MS)
  for (let told = false; ; ) {
    const reads = (await state.followers()).map((one) => one.shadow).filter(({ round }) => round === shadow.round)
    const sum = (of: keyof ShadowReads): number => reads.reduce((total, one) => total + one[of], 0)
    // Kept apart, for good: the process that saw it may have ended since.
    const differing = Math.max(await state.differences(shadow.round), sum('differing'))
    const [same, failed] = [sum('same'), sum('failed')]
    const enough = (same >= ENOUGH || Date.now() >= until) && (sum('doubtful') === 0 || Date.now() >= atLast)
    if (differing > 0 || enough) return { same, differing, failed }
    if (!told) teller.progress('waiting for pages to be read from both stores')
    told = true
    await delay(LOOK_MS)
  }
}
