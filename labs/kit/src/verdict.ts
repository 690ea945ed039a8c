import { type Assertion, assertionText, formatValue } from './figure.ts'

/** `none` is a demonstration's: its figures decide nothing. */
export const VERDICTS = ['supported', 'refuted', 'inconclusive', 'could-not-run', 'none'] as const
export type Verdict = (typeof VERDICTS)[number]

const DEMO =
  'a demonstration has no verdict: it runs on a busy machine too, whose figures decide nothing'

/** The result of one assertion in one round. */
export interface Finding {
  readonly arm: string
  readonly round: number
  readonly assertion: Assertion
}

export interface Judgement {
  readonly verdict: Verdict
  /** Never empty. */
  readonly reasons: readonly string[]
}

/**
 * Derives the verdict from the findings. The first rule that applies decides:
 *
 * 1. Something kept the lab from measuring (a dead generator, a busy machine, no round):
 *    `could-not-run`. A failure of the lab is never evidence against the stage.
 * 2. The run is a demonstration: `none`.
 * 3. An assertion failed in every round: `refuted`, even if another figure is unknown.
 * 4. A figure is unknown: `could-not-run`.
 * 5. An assertion failed in some rounds and held in others: `inconclusive`. No majority decides; a
 *    larger size may.
 * 6. Every assertion held in every round: `supported`.
 *
 * The function is pure. The order of rounds and assertions does not affect the verdict.
 */
export function judge(
  findings: readonly Finding[],
  problems: readonly string[],
  demo = false,
): Judgement {
  if (problems.length > 0) return { verdict: 'could-not-run', reasons: problems }
  if (demo) return { verdict: 'none', reasons: [DEMO] }
  if (findings.length === 0) return { verdict: 'could-not-run', reasons: ['nothing was measured'] }

  const byAssertion = [
    ...Map.groupBy(findings, ({ arm, assertion }) => `${arm} ${assertionText(assertion)}`).values(),
  ]
  const failedAlways = byAssertion.filter((rounds) => rounds.every(fails))
  if (failedAlways.length > 0) return { verdict: 'refuted', reasons: failedAlways.map(describe) }
  const unknown = findings.filter(({ assertion }) => assertion.outcome === 'unknown')
  if (unknown.length > 0) {
    const names = new Set(
      unknown.map(({ arm, assertion }) => `${assertion.figure} of ${arm} could not be measured`),
    )
    return { verdict: 'could-not-run', reasons: [...names] }
  }
  const failedSometimes = byAssertion.filter((rounds) => rounds.some(fails))
  if (failedSometimes.length > 0)
    return { verdict: 'inconclusive', reasons: failedSometimes.map(describe) }
  return { verdict: 'supported', reasons: byAssertion.map(describe) }
}

const fails = ({ assertion }: Finding): boolean => assertion.outcome === 'fails'

/** `tenfold: late is at most 1%; measured 0.2%, 0.4%`. */
function describe(rounds: readonly Finding[]): string {
  const [first] = rounds
  const inOrder = rounds.toSorted((a, b) => a.round - b.round)
  const measured = inOrder.map(({ assertion }) => formatValue(assertion.unit, assertion.value))
  const failed = rounds.filter(fails).length
  const failure =
    failed === 0
      ? ''
      : failed === rounds.length
        ? ', failed in every round'
        : `, failed in ${failed} of ${rounds.length} rounds`
  const values = [...new Set(measured)].join(', ')
  return `${first!.arm}: ${assertionText(first!.assertion)}${failure}; measured ${values}`
}
