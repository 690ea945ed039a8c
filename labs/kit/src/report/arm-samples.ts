import { mergeLatency } from '../load/latency.ts'
import type { Latency } from '../load/report.ts'
import type { ArmReport, Report } from './schema.ts'

export type LatencyKind = 'sends' | 'reads' | 'deliveries'

export const samplesOf = (report: Report, arm: string): Report['samples'] =>
  report.samples.filter((sample) => sample.arm === arm)

/** Merges all rounds of an arm. */
export const latencyOfArm = (report: Report, arm: string, kind: LatencyKind): Latency =>
  mergeLatency(
    samplesOf(report, arm).flatMap(({ load }) => load.groups.map((group) => group[kind])),
  )

export const measuredArms = (report: Report): ArmReport[] =>
  report.arms.filter((arm) => samplesOf(report, arm.name).length > 0)

export const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0)
