/** A process that a fault test kills and starts again: a stage, or the engine behind it. */
export interface Killable {
  kill(): Promise<void>
  /** Resolves when it serves again. */
  restart(): Promise<void>
}

export interface KillableStage extends Killable {
  readonly url: string
  /** Undefined while it runs. */
  exitReason(): string | undefined
  stop(): Promise<void>
}

export interface KillableEngine extends Killable {
  /** It keeps its connections and answers nothing. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/**
 * What a fault test is given: a stage of its own on an engine of its own, since both will suffer.
 */
export interface FaultTargets extends AsyncDisposable {
  readonly stage: KillableStage
  readonly engine: KillableEngine
}
