export { testAway } from './away.ts'
export { testCrash } from './crash.ts'
export type { KillableEngine, KillableStage, Victims } from './processes.ts'
