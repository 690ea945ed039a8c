import { type Clock, type HybridClock, hybridClock, systemClock } from './clock.ts'
import { type Log, silentLog } from './log.ts'
import { createTelemetry, type Telemetry } from './telemetry.ts'

/**
 * What a stage takes from the world around it. Only `main.ts` makes a real one; tests pass in what
 * they need to bend.
 */
export interface Runtime {
  readonly clock: Clock
  readonly hybrid: HybridClock
  readonly log: Log
  readonly telemetry: Telemetry
  /** `size` bytes nobody can guess, for session ids and invite codes. */
  random(size: number): Buffer
}

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
