import type { Report } from '../../../labs/kit/src/report/schema.ts'
import type { LabMinutes } from '../../../scripts/src/lab-pages/minutes.ts'

/** The frame of a lab, and its recorded run if it has one. */
export interface LabData {
  readonly id: string
  readonly title: string
  readonly question: string
  /** The folder of the lab, relative to the root of the repository. */
  readonly folder: string
  /** The minutes that the lab's page states, with a run at size quick. */
  readonly minutes: LabMinutes
  /** The minutes of a run at size full. */
  readonly fullMinutes: number
  readonly memory: string
  readonly stages: readonly number[]
  readonly recording?: Recording
  /** Why the lab's recording cannot be played, for the log of the build. */
  readonly problem?: string
}

/** One guild of one arm: see `states` of the kit's guild tally. */
export interface RecordedGuild {
  readonly group: string
  readonly states: string
}

export interface RecordedArm
  extends Pick<
    Report['arms'][number],
    | 'name'
    | 'title'
    | 'breaks'
    | 'status'
    | 'stage'
    | 'stageTitle'
    | 'load'
    | 'fault'
    | 'intervention'
  > {
  readonly guilds: readonly RecordedGuild[]
}

/** A recorded run, reduced to what the player shows. */
export interface Recording {
  readonly lab: { readonly id: string; readonly title: string; readonly route: string }
  readonly startedAt: string
  readonly engine: string
  readonly machine: string
  readonly question: string
  readonly hypothesis: string
  readonly questions: Report['questions']
  readonly verdict: Report['verdict']
  readonly sentence: string | null
  readonly why: string
  readonly code: Report['headline']['code']
  /** The report's first picture as HTML: the figures of the claim with their thresholds. */
  readonly picture: string
  readonly arms: readonly RecordedArm[]
  readonly next: { readonly id: string; readonly title: string; readonly route: string } | null
}
