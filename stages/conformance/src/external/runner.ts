import { type Case, NotRunnable, type Target } from './case.ts'
import { Fixture } from './fixture.ts'

export type Outcome =
  | { readonly kind: 'passed'; readonly ms: number }
  | {
      readonly kind: 'failed'
      readonly ms: number
      readonly error: Error
      readonly transcript: string
    }
  | { readonly kind: 'not-tried'; readonly reason: string }

/** No case needs nearly as long; one that does hangs. */
export const CASE_MS = 120_000

/** Tries one case against a target. Never rejects, and leaves no connection behind. */
export async function runCase(one: Case, target: Target): Promise<Outcome> {
  const fixture = new Fixture(target)
  const began = performance.now()
  const ms = (): number => Math.round(performance.now() - began)
  try {
    await withinTime(one.run(fixture))
    fixture.verify()
    return { kind: 'passed', ms: ms() }
  } catch (error) {
    if (error instanceof NotRunnable) return { kind: 'not-tried', reason: error.message }
    return {
      kind: 'failed',
      ms: ms(),
      error: error as Error,
      transcript: fixture.transcript.toString(),
    }
  } finally {
    fixture.dispose()
  }
}

/**
 * A skipped case is tried all the same: one that passes although a stage says that it cannot is a
 * lie in the stage's account of itself, and fails.
 */
export function failureOf(
  one: Case,
  outcome: Outcome,
  skip: string | undefined,
): string | undefined {
  if (skip !== undefined)
    return outcome.kind === 'passed'
      ? `${one.id} is skipped because “${skip}”, but it passes: take the skip away`
      : undefined
  if (outcome.kind === 'not-tried') return `${one.id} could not be tried: ${outcome.reason}`
  if (outcome.kind === 'failed')
    return `${one.id}: ${outcome.error.message}\n\n${outcome.transcript}`
  return undefined
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CASE_MS / 1_000} s`)), CASE_MS)
  })
  work.catch(() => {}) // when it loses the race, its end is of no interest any more
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs cases, so many at a time, and tells of each as it ends. */
export async function runCases(
  cases: readonly Case[],
  target: Target,
  jobs: number,
  told: (one: Case, outcome: Outcome) => void,
): Promise<void> {
  const left = cases[Symbol.iterator]()
  const work = async (): Promise<void> => {
    for (const one of left) told(one, await runCase(one, target))
  }
  await Promise.all(Array.from({ length: jobs }, work))
}
