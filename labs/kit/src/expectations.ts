import { type Expectation, expectation, figure } from './figure.ts'
import { type Figures, figuresOf, type Measures, nameInWords } from './measure.ts'
import type { Lab } from './spec.ts'

export interface ArmExpectation {
  /** An arm's name, or `across arms`. */
  readonly arm: string
  readonly expectation: Expectation
}

/** Stands for an arm's name in assertions between arms. */
export const ACROSS_ARMS = 'across arms'

/**
 * Evaluates every expectation with the figures of one round. The default figures are unknown, which
 * serves to list the thresholds before anything was measured. An arm without a sample also has
 * unknown figures, and so the run has no verdict.
 */
export function expectationsOf(
  lab: Lab,
  figures: (arm: string) => Figures<Measures> = () => figuresOf(lab.measure, undefined),
): ArmExpectation[] {
  const perArm = Object.entries(lab.expect).map(([arm, expect]) => ({
    arm,
    expectation: expect?.(figures(arm)) ?? expectation([]),
  }))
  if (lab.expectAcross === undefined) return perArm
  return [
    ...perArm,
    { arm: ACROSS_ARMS, expectation: lab.expectAcross(figuresByArm(lab, figures)) },
  ]
}

/**
 * Prefixes each figure's name with its arm. Otherwise assertions about the same figure of two arms
 * would have the same text and count as one.
 */
export const figuresByArm = (
  lab: Lab,
  figures: (arm: string) => Figures<Measures> = () => figuresOf(lab.measure, undefined),
): Record<string, Figures<Measures>> =>
  Object.fromEntries(
    Object.keys(lab.arms).map((arm) => {
      const named = Object.entries(figures(arm)).map(([key, { name, unit, value }]) => [
        key,
        figure(`${nameInWords(arm)} ${name}`, unit, value),
      ])
      return [arm, Object.fromEntries(named)]
    }),
  )

export const notesOf = (lab: Lab, figures: (arm: string) => Figures<Measures>): readonly string[] =>
  lab.notes?.(figuresByArm(lab, figures)) ?? []

/** The names of all figures that an expectation asserts something about. */
export const assertedFigures = (lab: Lab): string[] =>
  expectationsOf(lab).flatMap(({ expectation }) =>
    expectation.assertions.map((assertion) => assertion.figure),
  )
