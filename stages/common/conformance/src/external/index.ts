export type { Capability, Case, Target } from './case.ts'
export { allCases } from './cases/index.ts'
export { contract, type Section, type Sentence, sentences, sentencesOf } from './contract-map.ts'
export { type ConformanceOptions, testConformance } from './suite.ts'
