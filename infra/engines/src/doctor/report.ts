/**
 * The tools and engines of this machine, and the stages that can run. It is plain JSON, for the
 * command line, for tests, and for an instructor who collects the reports of a class.
 */
export interface DoctorReport {
  readonly v: 1
  /**
   * `ok`: all stages have their real engines. `stand-in`: all stages run, some on a stand-in.
   * `cannot`: a stage has no engine, or a disk cannot be written.
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
  /** The one-minute average. Other programs distort measurements if it exceeds the cores. */
  readonly load: number
}

export interface DiskFacts {
  readonly what: string
  readonly path: string
  readonly freeBytes: number
  readonly needBytes: number
  /** Why the folder cannot be used. */
  readonly problem?: string
}

export interface PortFacts {
  readonly from: number
  readonly to: number
  /** The number of ports of that range that were tried. */
  readonly sampled: number
  readonly free: number
}

export interface ToolFacts {
  readonly name: string
  /** Undefined if the tool is missing or not usable. */
  readonly version: string | undefined
  /** Why the tool cannot be used. */
  readonly why?: string
  readonly for: string
  /** The command that installs or repairs the tool. */
  readonly install: string
}

export interface StageFacts {
  readonly stage: number
  readonly title: string
  readonly needs: string
  /** The engine of a first run, and of a lab; undefined if there is none. */
  readonly quick: ChoiceFacts | undefined
  readonly lab: ChoiceFacts | undefined
  /** The providers that were skipped, and why. */
  readonly passedOver: readonly {
    readonly name: string
    readonly why: string
    readonly next: string
  }[]
}

export interface ChoiceFacts {
  readonly name: string
  readonly standIn: boolean
  /** The download or build that is needed first; undefined for none. */
  readonly install: string | undefined
}
