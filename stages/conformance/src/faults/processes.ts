/** A process that a fault test kills and starts again: a stage, or the engine behind it. */
export interface Killable {
  kill(): Promise<void>
  /** Resolves when the process serves again. */
  restart(): Promise<void>
}

export interface KillableStage extends Killable {
  readonly url: string
  /** How the process ended; undefined while it runs. */
  exitReason(): string | undefined
  stop(): Promise<void>
}

export interface KillableEngine extends Killable {
  /** Stops answering and keeps its connections, as a process under SIGSTOP does. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/** A stage and its engine. No other test uses them, because the faults affect both. */
export interface FaultTargets extends AsyncDisposable {
  readonly stage: KillableStage
  readonly engine: KillableEngine
}
