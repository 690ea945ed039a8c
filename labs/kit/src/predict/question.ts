import type { Figure } from '../figure.ts'

/** An answer that learners often give, and what it reveals about how they think. */
export interface WrongAnswer {
  /** The answer, or the range that it lies in, limits included. */
  readonly answer: number | readonly [from: number, to: number]
  /** One or two sentences, which address the learner. */
  readonly reveals: string
}

/** A question about one measured figure, answered with a number before the run. */
export interface Question<Arms> {
  /** Such as "How many of the ten guilds go down?". It must not contain the answer. */
  readonly text: string
  /** The figure of an arm, or a ratio of two, that the learner predicts. */
  readonly answer: (arms: Arms) => Figure
  /** Lowest and highest answer that the prompt accepts. A share is asked for in percent. */
  readonly range: readonly [min: number, max: number]
  /**
   * The value of no effect. A prediction on one side of it and a result on the other have opposite
   * directions. By default 1 for a ratio and 0 for anything else.
   */
  readonly neutral?: number
  readonly wrongAnswers: readonly [WrongAnswer, ...WrongAnswer[]]
}

/** The answers that the learner committed before the run. */
export interface Prediction {
  /** One number for each question, in its unit; null if the learner passed. */
  readonly answers: readonly (number | null)[]
  /** One sentence. */
  readonly reason?: string | undefined
}
