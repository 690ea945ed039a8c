export { checkHistory, RULES, type Rule, type Violation } from './check.ts'
export { type History, historySchema } from './history.ts'
export { type ChaosOptions, type ChaosResult, runChaos } from './run.ts'
export { startWorkload, type Workload } from './workload.ts'
