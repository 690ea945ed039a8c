import type { Unit } from '../figure.ts'

export const SCORES = [
  'exact',
  'within 2×',
  'within 10×',
  'beyond 10×',
  'wrong direction',
  'passed',
  'not measured',
] as const
export type Score = (typeof SCORES)[number]

/** A measured time or ratio has noise; within this share of it a prediction counts as exact. */
const EXACT = 0.05
/** Shares this close count as exact, since a prediction of 1% and one of 0% say the same. */
const EXACT_SHARE = 0.01

export interface Scored {
  readonly unit: Unit
  /** The prediction, or null if the learner passed. */
  readonly predicted: number | null
  /** The measured value, or null if the run did not measure it. */
  readonly measured: number | null
  /** The value of no effect. */
  readonly neutral: number
}

/**
 * Scores one prediction. The first rule that applies decides:
 *
 * 1. No prediction: `passed`. No value: `not measured`.
 * 2. Exact: equal counts after rounding, shares within one percentage point, and anything else
 *    within 5% of the measured value.
 * 3. The two lie on different sides of the neutral value, or exactly one of them on it: `wrong
 *    direction`.
 * 4. The larger over the smaller of the two: `within 2×`, `within 10×`, `beyond 10×`.
 */
export function scoreOf({ unit, predicted, measured, neutral }: Scored): Score {
  if (predicted === null) return 'passed'
  if (measured === null || !Number.isFinite(measured)) return 'not measured'
  if (isExact(unit, predicted, measured)) return 'exact'
  if (Math.sign(predicted - neutral) !== Math.sign(measured - neutral)) return 'wrong direction'
  const factor = Math.max(predicted / measured, measured / predicted)
  // A factor exists only between values of the same sign.
  if (!(factor > 0)) return 'wrong direction'
  return factor <= 2 ? 'within 2×' : factor <= 10 ? 'within 10×' : 'beyond 10×'
}

function isExact(unit: Unit, predicted: number, measured: number): boolean {
  if (unit === 'count') return Math.round(predicted) === Math.round(measured)
  const distance = Math.abs(predicted - measured)
  return distance <= EXACT * Math.abs(measured) || (unit === 'share' && distance <= EXACT_SHARE)
}

/** The value of no effect that a question has unless it names one. */
export const defaultNeutral = (unit: Unit): number => (unit === 'ratio' ? 1 : 0)
