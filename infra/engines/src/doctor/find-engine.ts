import type { Availability, Preference } from '../engine.ts'
import { CANDIDATES, type Candidate } from './candidates.ts'
import type { ChoiceFacts } from './report.ts'

/** An engine as a lab or another program needs it. */
export interface EngineNeed {
  readonly engine: keyof typeof CANDIDATES
  /** The cache limit that it must accept. */
  readonly cacheMb?: number | undefined
  /** It is started here, so the user's own server will not do. */
  readonly managed?: boolean
  /** It must count the pages that it reads into its cache. */
  readonly cacheCounters?: boolean
}

/** An engine that can be had: at once, or only after `threshold prefetch`. */
export type EngineFinding =
  | { readonly found: 'now' | 'after-prefetch'; readonly choice: ChoiceFacts }
  | { readonly found: 'none'; readonly why: string; readonly next: string }

/**
 * Returns a function that finds the engine that a start would take. It installs and starts nothing,
 * and asks each provider once.
 */
export function createEngineFinder(
  candidates: Readonly<Record<EngineNeed['engine'], readonly Candidate[]>> = CANDIDATES,
): (need: EngineNeed) => Promise<EngineFinding> {
  const answers = new Map<string, Promise<Availability>>()
  const available = (candidate: Candidate, prefer: Preference): Promise<Availability> => {
    const key = `${prefer} ${candidate.name}`
    const answer = answers.get(key) ?? candidate.available(prefer)
    answers.set(key, answer)
    return answer
  }

  async function choose(need: EngineNeed, prefer: Preference) {
    const refused: { why: string; next: string }[] = []
    for (const candidate of candidates[need.engine]) {
      if (need.managed && candidate.provider === 'external') continue
      const { minCacheMb = 0 } = candidate
      if (need.cacheMb !== undefined && need.cacheMb < minCacheMb) continue
      const availability = await available(candidate, prefer)
      if (!availability.usable) {
        refused.push({ ...availability, why: `${candidate.name}: ${availability.why}` })
        continue
      }
      if (need.cacheCounters && !candidate.cacheCounters)
        return {
          refused: [
            { why: `${candidate.name} does not count cache misses`, next: 'npx threshold doctor' },
          ],
        }
      const [standIn, install] = [await candidate.isStandIn(), await candidate.preparation()]
      return { choice: { name: candidate.name, standIn, install }, refused }
    }
    return { refused }
  }

  return async (need) => {
    const quick = await choose(need, 'quick')
    if (quick.choice !== undefined) return { found: 'now', choice: quick.choice }
    const lab = await choose(need, 'lab')
    if (lab.choice !== undefined) return { found: 'after-prefetch', choice: lab.choice }
    const [first] = [...lab.refused, ...quick.refused].toReversed()
    return {
      found: 'none',
      why: first?.why ?? `there is no provider of ${need.engine}`,
      next: first?.next ?? 'npx threshold doctor',
    }
  }
}
