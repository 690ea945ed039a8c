/**
 * What this machine has and what comes of it. Plain data: the command line prints it, a test or an
 * instructor's collector reads it.
 */
export interface DoctorReport {
  readonly v: 1
  /**
   * `ok`: the real engines everywhere. `stand-in`: everything runs, something stands in. `cannot`:
   * a stage has no engine.
   */
  readonly status: 'ok' | 'stand-in' | 'cannot'
  readonly machine: MachineFacts
  readonly disks: readonly DiskFacts[]
  readonly ports: PortFacts
  readonly tools: readonly ToolFacts[]
  readonly stages: readonly StageFacts[]
}

export interface MachineFacts {
  readonly os: string
  readonly node: string
  readonly cores: number
  readonly memoryBytes: number
  readonly freeMemoryBytes: number
  /** One minute's average; above the number of cores, a lab measures the rest of the machine. */
  readonly load: number
}

export interface DiskFacts {
  readonly what: string
  readonly path: string
  readonly freeBytes: number
  readonly needBytes: number
  /** Why nothing can be written there. */
  readonly problem?: string
}

export interface PortFacts {
  readonly from: number
  readonly to: number
  /** Of a sample of that range: how many were free. */
  readonly sampled: number
  readonly free: number
}

export interface ToolFacts {
  readonly name: string
  /** Undefined when it is not there, or not in a state to be used. */
  readonly version: string | undefined
  /** When it is not there: what is missing, exactly. */
  readonly why?: string
  readonly for: string
  /** The command that brings it. */
  readonly install: string
}

export interface StageFacts {
  readonly stage: number
  readonly title: string
  readonly needs: string
  /** What a first run would take, and what a lab would; undefined when there is none. */
  readonly quick: ChoiceFacts | undefined
  readonly lab: ChoiceFacts | undefined
  /** Every provider that was passed over, and why. */
  readonly passedOver: readonly {
    readonly name: string
    readonly why: string
    readonly next: string
  }[]
}

export interface ChoiceFacts {
  readonly name: string
  readonly standIn: boolean
  /** It has to be fetched or built first. */
  readonly install: string | undefined
}
