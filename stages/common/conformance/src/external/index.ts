export type { Capability, Case, Target } from './case.ts'
export { allCases } from './cases/index.ts'
export { type ConformanceOptions, testConformance } from './suite.ts'
