import pLimit from 'p-limit'
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

/** Longer than any case takes: a case that reaches it hangs. */
export const CASE_TIMEOUT_MS = 120_000

/** Runs one case against a target. Never rejects, and closes each connection of the case. */
export async function runCase(testCase: Case, target: Target): Promise<Outcome> {
  const fixture = new Fixture(target)
  const startedAt = performance.now()
  const elapsedMs = (): number => Math.round(performance.now() - startedAt)
  try {
    await withTimeout(testCase.run(fixture))
    fixture.verify()
    return { kind: 'passed', ms: elapsedMs() }
  } catch (error) {
    if (error instanceof NotRunnable) return { kind: 'not-tried', reason: error.message }
    const transcript = fixture.transcript.toString()
    return { kind: 'failed', ms: elapsedMs(), error: error as Error, transcript }
  } finally {
    fixture.dispose()
  }
}

/**
 * Returns what is wrong with an outcome, or undefined. A skipped case runs as well: if it passes,
 * the skip is out of date, and that is a failure.
 */
export function failureOf(
  testCase: Case,
  outcome: Outcome,
  skipReason: string | undefined,
): string | undefined {
  const { id } = testCase
  if (skipReason !== undefined)
    return outcome.kind === 'passed'
      ? `${id} is skipped because “${skipReason}”, but it passes: remove the skip`
      : undefined
  if (outcome.kind === 'not-tried') return `${id} could not be tried: ${outcome.reason}`
  if (outcome.kind === 'failed') return `${id}: ${outcome.error.message}\n\n${outcome.transcript}`
  return undefined
}

async function withTimeout(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`not done after ${CASE_TIMEOUT_MS / 1_000} s`)),
      CASE_TIMEOUT_MS,
    )
  })
  work.catch(() => {}) // a rejection after the timeout must not count as unhandled
  try {
    await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

/** Runs cases, at most `concurrency` at a time, and reports each outcome as it comes. */
export async function runCases(
  cases: readonly Case[],
  target: Target,
  concurrency: number,
  report: (testCase: Case, outcome: Outcome) => void,
): Promise<void> {
  await pLimit(concurrency).map(cases, async (testCase) =>
    report(testCase, await runCase(testCase, target)),
  )
}
