import { CodedError } from '@threshold/kit/errors'
import { z } from 'zod'

/** Where a figure was measured. No result leaves this repository without one. */
export const engineLabelSchema = z
  .object({
    product: z.string(),
    version: z.string(),
    provider: z.enum(['external', 'docker', 'native']),
    /** Set when this is not the engine that the stage is about: why it stands here. */
    standIn: z.string().optional(),
    /** All of it in one line. */
    text: z.string(),
  })
  .readonly()
export type EngineLabel = z.infer<typeof engineLabelSchema>

export interface EngineLimits {
  readonly cacheBytes?: number
}

export type EngineState = 'running' | 'paused' | 'killed' | 'stopped' | 'died'

/**
 * A real database that runs. An engine that is not ours (`external`) answers stop with letting go
 * of it, and everything else below with ENGINE_NOT_OURS.
 */
export interface Engine extends AsyncDisposable {
  readonly kind: 'mongodb' | 'cassandra'
  readonly label: EngineLabel
  readonly uri: string
  /** Of the process, where there is one of ours. */
  readonly pid: number | undefined
  state(): EngineState
  /** Ends it and removes its data, unless the data folder was given. Idempotent. */
  stop(): Promise<void>
  /** As a power cut would: SIGKILL, the data stays. */
  kill(): Promise<void>
  /** Same data, same port, running or killed before. Returns when it answers again. */
  restart(): Promise<void>
  /** Neither answers nor closes connections: what a hung machine looks like to its clients. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** What holds, which may be more than was asked for. */
  limits(): EngineLimits
  /** To so many nodes. */
  scale(nodes: number): Promise<void>
}

/**
 * `quick`: what is there or comes in seconds. `lab`: the best there is, also if it takes minutes
 * once.
 */
export type Preference = 'quick' | 'lab'

export type Availability =
  | { readonly usable: true }
  | { readonly usable: false; readonly why: string; readonly next: string }

export const usable: Availability = { usable: true }
export const unusable = (why: string, next: string): Availability => ({ usable: false, why, next })

export function labelText(label: Omit<EngineLabel, 'text'>): EngineLabel {
  const standIn = label.standIn === undefined ? '' : `, a stand-in: ${label.standIn}`
  return { ...label, text: `${label.product} ${label.version} (${label.provider}${standIn})` }
}

export const externalEngineError = (what: string): CodedError =>
  new CodedError(
    'ENGINE_NOT_OURS',
    `an external engine cannot be ${what}: Threshold did not start it`,
    {
      next: 'unset THRESHOLD_MONGODB_URI, or choose --engine docker or --engine native',
    },
  )

export const cannotScale = (product: string, nodes: number): CodedError =>
  new CodedError('ENGINE_CANNOT_SCALE', `${product} runs as one node here; ${nodes} were asked for`)
