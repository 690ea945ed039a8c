import { caveatsOf } from '../run/sample.ts'
import type { Report } from './schema.ts'
import { titleOf } from './titles.ts'

export const engineNames = ({ arms }: Pick<Report, 'arms'>): string[] => [
  ...new Set(arms.flatMap(({ engine }) => engine?.text ?? [])),
]

export const engineLabel = (report: Report): string => engineNames(report).join('; ') || 'no engine'

/** The engine and the machine, which stand beside every figure. */
export const measuredOn = (report: Report): string =>
  `${engineLabel(report)}; ${report.environment.text}.`

export const formatUtc = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`

/** The unknown facts about the trials, with the titles of the arms. */
export const caveats = (report: Report): string[] =>
  caveatsOf(report.samples.map((sample) => ({ ...sample, arm: titleOf(report, sample.arm) })))
