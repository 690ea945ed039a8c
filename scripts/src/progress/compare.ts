import { formatValue, type Report } from '@threshold/lab-kit'
import { table } from '../terminal.ts'

/** A claimed figure in two runs of one lab. */
export interface ComparedFigure {
  readonly arm: string
  /** The assertion, such as `guilds down is 10`. */
  readonly claim: string
  readonly first: string
  readonly second: string
}

/** A condition of the runs, such as the machine. */
export interface ComparedCondition {
  readonly name: string
  readonly first: string
  readonly second: string
}

export interface Comparison {
  readonly figures: readonly ComparedFigure[]
  readonly conditions: readonly ComparedCondition[]
}

export function compareReports(first: Report, second: Report): Comparison {
  const claims = new Map(
    [first, second].flatMap(({ thresholds }) =>
      thresholds.map(({ arm, text }) => [`${arm} ${text}`, { arm, text }] as const),
    ),
  )
  return {
    figures: [...claims.values()].map(({ arm, text }) => ({
      arm: titleOf(arm, first),
      claim: text,
      first: valuesOf(first, arm, text),
      second: valuesOf(second, arm, text),
    })),
    conditions: [
      condition('verdict', first, second, ({ verdict }) => verdict),
      condition('size', first, second, sizeOf),
      condition('engine', first, second, enginesOf),
      condition('machine', first, second, ({ environment }) => environment.text),
      condition('code', first, second, codeOf),
      condition('lab', first, second, ({ lab }) => `definition ${lab.definition.slice(0, 8)}`),
    ],
  }
}

const condition = (
  name: string,
  first: Report,
  second: Report,
  read: (report: Report) => string,
): ComparedCondition => ({ name, first: read(first), second: read(second) })

const titleOf = (arm: string, { arms }: Report): string =>
  arms.find(({ name }) => name === arm)?.title ?? arm

/** The distinct values of all rounds. */
function valuesOf({ findings, thresholds }: Report, arm: string, text: string): string {
  const claim = thresholds.find((each) => each.arm === arm && each.text === text)
  const values = findings
    .filter(({ arm: other, assertion }) => other === arm && assertion.figure === claim?.figure)
    .map(({ assertion }) => formatValue(assertion.unit, assertion.value ?? Number.NaN))
  return values.length === 0 ? '–' : [...new Set(values)].join(', ')
}

const sizeOf = ({ size, control, demo, recorded }: Report): string =>
  [
    size,
    ...(control === undefined ? [] : ['control']),
    ...(demo ? ['demo'] : []),
    ...(recorded ? ['recorded'] : []),
  ].join(', ')

export const enginesOf = ({ arms }: Report): string =>
  [...new Set(arms.flatMap(({ engine }) => engine?.text ?? []))].join('; ') || 'none'

const codeOf = ({ stages }: Report): string =>
  stages.map(({ stage, tree }) => `stage ${stage} ${tree.slice(0, 8)}`).join(', ')

export function formatComparison({ figures, conditions }: Comparison): string {
  const claims = table(
    ['Arm', 'Claim', 'First', 'Second'],
    figures.map(({ arm, claim, first, second }) => [arm, claim, first, second]),
  )
  const lines = conditions.map(({ name, first, second }) =>
    first === second
      ? `same ${name}: ${first}`
      : `${name} differs: first ${first}; second ${second}`,
  )
  return [claims, '', ...lines].join('\n')
}
