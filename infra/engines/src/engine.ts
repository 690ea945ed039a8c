import { CodedError } from '@threshold/kit/errors'
import { z } from 'zod'

/** The engine that a figure was measured on. Every published figure carries one. */
export const engineLabelSchema = z
  .object({
    product: z.string(),
    version: z.string(),
    provider: z.enum(['external', 'docker', 'native']),
    /** Why this engine stands in for the one that the stage is about; unset for the real one. */
    standIn: z.string().optional(),
    /** The whole label in one line. */
    text: z.string(),
  })
  .readonly()
export type EngineLabel = z.infer<typeof engineLabelSchema>

export const mebibytesToBytes = (count: number): number => count * 1024 * 1024

export interface EngineLimits {
  readonly cacheBytes?: number
  readonly memoryBytes?: number
  /** The most that its data may take on disk. */
  readonly storeBytes?: number
}

export type EngineState = 'running' | 'paused' | 'killed' | 'stopped' | 'died'

/**
 * A running database. An `external` engine, which Threshold did not start, keeps running after
 * `stop`; all other controls throw ENGINE_NOT_OURS.
 */
export interface Engine extends AsyncDisposable {
  readonly kind: 'mongodb' | 'cassandra' | 'nats' | 'opensearch'
  readonly label: EngineLabel
  readonly uri: string
  /** Undefined for a container and an external engine. */
  readonly pid: number | undefined
  state(): EngineState
  /** Ends the engine and removes its data, unless the caller gave the data folder. Idempotent. */
  stop(): Promise<void>
  /**
   * Sends SIGKILL, so that the engine can neither flush nor close anything. The data stays. The
   * operating system still writes what it had buffered, which a power cut would lose.
   */
  kill(): Promise<void>
  /** Restarts a running or killed engine on the same data and port. Returns when it answers. */
  restart(): Promise<void>
  /** Makes the engine hang: it neither answers nor closes connections. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** The limits in effect, which may be higher than requested. */
  limits(): EngineLimits
  /** Adds nodes until there are that many. */
  scale(nodes: number): Promise<void>
}

/**
 * `quick` takes an engine that is present or installs in seconds. `lab` takes the best one, even if
 * its one-time installation takes minutes.
 */
export type Preference = 'quick' | 'lab'

export type Availability =
  | { readonly usable: true }
  | { readonly usable: false; readonly why: string; readonly next: string }

export const usable: Availability = { usable: true }
export const unusable = (why: string, next: string): Availability => ({ usable: false, why, next })

/** Adds the text of a label. */
export function engineLabel(label: Omit<EngineLabel, 'text'>): EngineLabel {
  const standIn = label.standIn === undefined ? '' : `, a stand-in: ${label.standIn}`
  return { ...label, text: `${label.product} ${label.version} (${label.provider}${standIn})` }
}

export const cannotScale = (product: string, nodes: number): CodedError =>
  new CodedError('ENGINE_CANNOT_SCALE', `${product} cannot run ${nodes} nodes here`)
