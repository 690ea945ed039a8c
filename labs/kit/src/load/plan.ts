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
  /** The owner first; all of them may talk. */
  readonly members: readonly FixtureMember[]
  /** How far back its channels' past goes; undefined where there is none. */
  readonly historyDays?: number
}

/**
 * All that a generator needs to know. It is told over the channel to its parent, so no token is in
 * a command line.
 */
export interface Plan {
  readonly baseUrl: string
  readonly load: Load
  /**
   * As many guilds as the load has, in the order of its groups, each with as many members as are to
   * be online.
   */
  readonly guilds: readonly FixtureGuild[]
  /** In front of every nonce: messages of another visit are not this one's. */
  readonly marker: string
  /** Where the raw samples go: JSON lines, gzipped. */
  readonly samplesFile: string
}

export type GeneratorCommand =
  | { readonly type: 'prepare'; readonly plan: Plan }
  | { readonly type: 'go' }

export type GeneratorEvent =
  | { readonly type: 'opened'; readonly done: number; readonly total: number }
  | { readonly type: 'ready' }
  /** The warm-up is over; from now on everything counts. */
  | { readonly type: 'measuring' }
  | { readonly type: 'second'; readonly done: number; readonly total: number }
  | { readonly type: 'result'; readonly report: LoadReport }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
