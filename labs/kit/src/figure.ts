/**
 * A `share` is a fraction from 0 to 1. Times and bytes depend on the machine: seldom a threshold.
 */
export type Unit = 'count' | 'share' | 'ratio' | 'ms' | 's' | 'bytes' | 'cores'

export type Relation = 'is' | 'at most' | 'at least'

/**
 * One figure compared with its threshold. The outcome is `unknown` if the figure could not be
 * measured: a share of zero events is not 0.
 */
export interface Assertion {
  readonly figure: string
  readonly unit: Unit
  readonly relation: Relation
  readonly threshold: number
  readonly value: number
  readonly outcome: 'holds' | 'fails' | 'unknown'
}

/** Assertions that must all hold. There is no `or`, so that an expectation has no way out. */
export interface Expectation {
  readonly assertions: readonly Assertion[]
  and(other: Expectation): Expectation
}

/** One measured number, with the methods to assert something about it. */
export interface Figure {
  readonly name: string
  readonly unit: Unit
  readonly value: number
  is(threshold: number): Expectation
  atMost(threshold: number): Expectation
  atLeast(threshold: number): Expectation
  /** The ratio to another figure of the same run, which does not depend on the machine's speed. */
  over(other: Figure): Figure
  /** The difference to another figure of the same unit. */
  minus(other: Figure): Figure
  /** The formatted value, for sentences. */
  toString(): string
}

export function figure(name: string, unit: Unit, value: number): Figure {
  const state = (relation: Relation, threshold: number): Expectation =>
    expectation([
      {
        figure: name,
        unit,
        relation,
        threshold,
        value,
        outcome: compare(relation, value, threshold),
      },
    ])
  return {
    name,
    unit,
    value,
    is: (threshold) => state('is', threshold),
    atMost: (threshold) => state('at most', threshold),
    atLeast: (threshold) => state('at least', threshold),
    over: (other) => figure(`${name} over ${other.name}`, 'ratio', value / other.value),
    minus: (other) => figure(`${name} beyond ${other.name}`, unit, value - other.value),
    toString: () => formatValue(unit, value),
  }
}

export const expectation = (statements: readonly Assertion[]): Expectation => ({
  assertions: statements,
  and: (other) => expectation([...statements, ...other.assertions]),
})

function compare(relation: Relation, value: number, threshold: number): Assertion['outcome'] {
  if (!Number.isFinite(value)) return 'unknown'
  const holds =
    relation === 'is'
      ? value === threshold
      : relation === 'at most'
        ? value <= threshold
        : value >= threshold
  return holds ? 'holds' : 'fails'
}

/** Formats a value for the reader: shares as percentages, counts with thousands separators. */
export function formatValue(unit: Unit, value: number): string {
  if (!Number.isFinite(value)) return 'unknown'
  switch (unit) {
    case 'count':
      return value.toLocaleString('en-US', { maximumFractionDigits: 0 })
    case 'share':
      return `${significant(value * 100)}%`
    case 'ratio':
      return `${significant(value)}×`
    case 'ms':
      return `${significant(value)} ms`
    case 's':
      return `${significant(value)} s`
    case 'cores':
      return `${value.toFixed(2)} cores`
    case 'bytes':
      return value >= 2 ** 30
        ? `${significant(value / 2 ** 30)} GiB`
        : `${significant(value / 2 ** 20)} MiB`
  }
}

/** Keeps at most three digits; a run is not more precise than that. */
const significant = (value: number): string =>
  Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 3 })

export const assertionText = ({
  figure: name,
  unit,
  relation,
  threshold,
}: Omit<Assertion, 'value' | 'outcome'>): string =>
  `${name} ${relation} ${formatValue(unit, threshold)}`
