/** One step of something slow. Who starts it decides how it is drawn: a bar, a line, nothing. */
export interface ProgressStep {
  readonly text: string
  /** Both or neither: how far, in whatever unit the text speaks of. */
  readonly done?: number
  readonly total?: number
}

export type OnProgress = (step: ProgressStep) => void

export const noProgress: OnProgress = () => {}
