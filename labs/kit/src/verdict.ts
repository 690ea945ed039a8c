import { type Assertion, assertionText, formatValue } from './figure.ts'

export type Verdict = 'supported' | 'refuted' | 'inconclusive' | 'could-not-run'

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
 * 2. An assertion failed in every round: `refuted`, even if another figure is unknown.
 * 3. A figure is unknown: `could-not-run`.
 * 4. An assertion failed in some rounds and held in others: `inconclusive`. No majority decides; a
 *    larger size may.
 * 5. Every assertion held in every round: `supported`.
 *
 * The function is pure. The order of rounds and assertions does not affect the verdict.
 */
export function judge(findings: readonly Finding[], problems: readonly string[]): Judgement {
  if (problems.length > 0) return { verdict: 'could-not-run', reasons: problems }
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

/** A prediction that can be compared with the verdict. */
export type Prediction = 'supported' | 'refuted'

/** Accepts `yes`, `holds`, `supported` and similar words; returns undefined for anything else. */
export function readPrediction(text: string | undefined): Prediction | undefined {
  const word = text?.trim().toLowerCase() ?? ''
  if (/^(y|yes|true|holds?|supported|support)$/.test(word)) return 'supported'
  if (/^(n|no|false|fails?|breaks?|refuted?)$/.test(word)) return 'refuted'
  return undefined
}

/** Returns one line that compares the prediction with the verdict. */
export function comparePrediction(text: string | undefined, verdict: Verdict): string {
  if (text === undefined || text.trim() === '')
    return 'You made no prediction. A wrong prediction teaches you more than the report alone.'
  const predicted = readPrediction(text)
  if (predicted === undefined) return `You said “${text.trim()}”; the verdict is ${verdict}.`
  if (verdict === 'inconclusive' || verdict === 'could-not-run')
    return `You predicted ${predicted}; this run is ${verdict} and settles nothing.`
  return predicted === verdict
    ? `You predicted ${predicted}, and the verdict is ${verdict}.`
    : `You predicted ${predicted}, but the verdict is ${verdict}. Find out why.`
}
