export { cloned } from './cloned.ts'
export { testMessageStore } from './message-store.ts'
export type { Open } from './suite.ts'
