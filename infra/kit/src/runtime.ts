import { type Clock, type HybridClock, hybridClock, systemClock } from './clock.ts'
import { type Log, silentLog } from './log.ts'
import { createTelemetry, type Telemetry } from './telemetry.ts'

/**
 * The environment of a stage: time, log, telemetry and randomness. `main.ts` passes in the real
 * ones, tests replace them.
 */
export interface Runtime {
  readonly clock: Clock
  readonly hybrid: HybridClock
  readonly log: Log
  readonly telemetry: Telemetry
  /** `size` unpredictable bytes, for session ids and invite codes. */
  random(size: number): Buffer
}

/** A runtime of these parts. Missing ones become the system clock, no log, and no traces. */
export function createRuntime(
  parts: Partial<Omit<Runtime, 'random'>> & Pick<Runtime, 'random'>,
): Runtime {
  const clock = parts.clock ?? systemClock
  return {
    clock,
    hybrid: parts.hybrid ?? hybridClock(clock),
    log: parts.log ?? silentLog,
    telemetry: parts.telemetry ?? createTelemetry({ service: 'test' }),
    random: parts.random,
  }
}
