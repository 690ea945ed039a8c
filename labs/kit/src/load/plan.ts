import type { LoadReport } from './report.ts'
import type { Load } from './workload.ts'

export interface FixtureMember {
  readonly id: string
  readonly token: string
}

export interface FixtureGuild {
  readonly group: string
  readonly id: string
  readonly channels: readonly string[]
  /** The owner is first. Every member may send messages. */
  readonly members: readonly FixtureMember[]
  /** Age of the oldest message of its history; undefined if it has none. */
  readonly historyDays?: number
}

/**
 * Everything that a generator needs. The lab sends it over the IPC channel, so that tokens do not
 * appear in a command line.
 */
export interface Plan {
  readonly baseUrl: string
  readonly load: Load
  /** The guilds of the load in the order of its groups, each with the members that are online. */
  readonly guilds: readonly FixtureGuild[]
  /** Prefix of every nonce. It tells this trial's messages from those of other trials. */
  readonly marker: string
  /** Path of the raw samples: gzipped JSON lines. */
  readonly samplesFile: string
}

export type GeneratorCommand =
  | { readonly type: 'prepare'; readonly plan: Plan }
  | { readonly type: 'run' }

export type GeneratorEvent =
  | { readonly type: 'opened'; readonly done: number; readonly total: number }
  | { readonly type: 'ready' }
  /** The warm-up has ended and the measured load begins. */
  | { readonly type: 'measuring' }
  | { readonly type: 'second'; readonly done: number; readonly total: number }
  | { readonly type: 'result'; readonly report: LoadReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
