export { type Clock, type HybridClock, hybridClock, systemClock } from './clock.ts'
export {
  type Deadline,
  deadlineAfter,
  isExpired,
  remainingMs,
  withDeadline,
} from './deadline.ts'
export {
  CodedError,
  deadlineExceeded,
  type ErrorDetails,
  hasCode,
  messageOf,
  unavailable,
} from './errors.ts'
export { RECIPIENTS } from './fan-out-sampler.ts'
export { decodeJson, encodeJson } from './json-codec.ts'
export { type KeyedRwLock, keyedRwLock } from './keyed-rw-lock.ts'
export { type Lifecycle, lifecycle } from './lifecycle.ts'
export { createLog, type Log, silentLog } from './log.ts'
export { pingCheck, type ReadinessCheck, unreadyReasons } from './readiness.ts'
export { type ReadinessMonitor, watchReadiness } from './readiness-monitor.ts'
export { createRuntime, type Runtime } from './runtime.ts'
export { createTelemetry, type Telemetry, type TelemetryOptions } from './telemetry.ts'
export { systemTimers, type Timers } from './timers.ts'
export { silentTracer, type TraceCarrier } from './tracing.ts'
