/**
 * A step of a slow operation. The caller decides how to show it: as a bar, a line or not at all.
 */
export interface ProgressStep {
  readonly text: string
  /** Both or neither. The text names the unit. */
  readonly done?: number
  readonly total?: number
}

export type OnProgress = (step: ProgressStep) => void

export const noProgress: OnProgress = () => {}
