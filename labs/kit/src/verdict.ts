import { type Assertion, assertionText, formatValue } from './figure.ts'

export type Verdict = 'supported' | 'refuted' | 'inconclusive' | 'could-not-run'

/** One statement of one claim, in one round. */
export interface Finding {
  readonly arm: string
  readonly round: number
  readonly assertion: Assertion
}

export interface Judgement {
  readonly verdict: Verdict
  /** At least one, in words. */
  readonly reasons: readonly string[]
}

/**
 * From measurements to a verdict, by these rules and no others:
 *
 * - Anything that kept the lab from measuring (a dead generator, a loaded machine, no round at all)
 *   is `could-not-run`. A
 *   failure of the lab is never evidence against the stage.
 * - Some statement failed in every round: `refuted`. It was measured, whatever else could not be.
 * - Else, some figure is unknown: `could-not-run`.
 * - Else, a statement failed in some rounds and held in others: `inconclusive`. No majority
 *   decides; a larger size may.
 * - Else every statement held in every round: `supported`.
 *
 * Pure: neither the order of rounds nor that of statements makes a difference.
 */
export function judge(findings: readonly Finding[], problems: readonly string[]): Judgement {
  if (problems.length > 0) return { verdict: 'could-not-run', reasons: problems }
  if (findings.length === 0) return { verdict: 'could-not-run', reasons: ['nothing was measured'] }

  const statements = [
    ...groupBy(
      findings,
      ({ arm, assertion: statement }) => `${arm} ${assertionText(statement)}`,
    ).values(),
  ]
  const failedAlways = statements.filter((rounds) => rounds.every(fails))
  if (failedAlways.length > 0) return { verdict: 'refuted', reasons: failedAlways.map(describe) }
  const unknown = findings.filter(({ assertion: statement }) => statement.outcome === 'unknown')
  if (unknown.length > 0) {
    const names = new Set(
      unknown.map(
        ({ arm, assertion: statement }) => `${statement.figure} of ${arm} could not be measured`,
      ),
    )
    return { verdict: 'could-not-run', reasons: [...names] }
  }
  const failedSometimes = statements.filter((rounds) => rounds.some(fails))
  if (failedSometimes.length > 0)
    return { verdict: 'inconclusive', reasons: failedSometimes.map(describe) }
  return { verdict: 'supported', reasons: statements.map(describe) }
}

const fails = ({ assertion: statement }: Finding): boolean => statement.outcome === 'fails'

/** `tenfold: late is at most 1%; measured 0.2%, 0.4%`. */
function describe(rounds: readonly Finding[]): string {
  const [first] = rounds
  const inOrder = rounds.toSorted((a, b) => a.round - b.round)
  const measured = inOrder.map(({ assertion: statement }) =>
    formatValue(statement.unit, statement.value),
  )
  const failed = rounds.filter(fails).length
  const how =
    failed === 0
      ? ''
      : failed === rounds.length
        ? ', never so'
        : `, not so in ${failed} of ${rounds.length} rounds`
  return `${first!.arm}: ${assertionText(first!.assertion)}${how}; measured ${[...new Set(measured)].join(', ')}`
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}

/** What a person said beforehand, as far as it can be scored. */
export type Prediction = 'supported' | 'refuted'

/** `yes`, `holds`, `supported` and their like; undefined for what is neither a yes nor a no. */
export function readPrediction(said: string | undefined): Prediction | undefined {
  const word = said?.trim().toLowerCase() ?? ''
  if (/^(y|yes|true|holds?|supported|support)$/.test(word)) return 'supported'
  if (/^(n|no|false|fails?|breaks?|refuted?)$/.test(word)) return 'refuted'
  return undefined
}

/** One line that sets what was expected beside what was found. */
export function comparePrediction(said: string | undefined, verdict: Verdict): string {
  if (said === undefined || said.trim() === '')
    return 'Nobody predicted. A prediction that turns out wrong teaches more than a report that is read.'
  const predicted = readPrediction(said)
  if (predicted === undefined) return `You said “${said.trim()}”; the run says ${verdict}.`
  if (verdict === 'inconclusive' || verdict === 'could-not-run')
    return `You predicted ${predicted}; this run is ${verdict}, and settles nothing.`
  return predicted === verdict
    ? `You predicted ${predicted}, and so it is.`
    : `You predicted ${predicted}; it is ${verdict}. Worth asking why.`
}
