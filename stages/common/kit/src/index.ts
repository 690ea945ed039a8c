export { type Clock, type HybridClock, hybridClock, systemClock } from './clock.ts'
export { type Deadline, deadlineAfter, remainingMs, withDeadline } from './deadline.ts'
export {
  CodedError,
  deadlineExceeded,
  type ErrorDetails,
  hasCode,
  messageOf,
  type PlainError,
  unavailable,
} from './errors.ts'
export { type Lifecycle, lifecycle, type Part } from './lifecycle.ts'
export { createLog, type Log, silentLog } from './log.ts'
export { pingCheck, type ReadinessCheck, unreadyReasons } from './readiness.ts'
export { type ReadinessMonitor, watchReadiness } from './readiness-monitor.ts'
export { createRuntime, type Runtime } from './runtime.ts'
export { type SharedLock, sharedLock } from './shared-lock.ts'
export { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
export { fanOutShare, RECIPIENTS } from './tracing.ts'
