/** One sentence of the contract, in its own words, and the cases that hold a stage to it. */
export interface Sentence {
  /** Stable; the case ids below may change with the suite, this does not. */
  readonly id: string
  readonly text: string
  /**
   * Ids of cases of this suite, or of the client suites: `clients.<library>.*` are all of a
   * library's.
   */
  readonly cases: readonly string[]
}

export interface Section {
  readonly title: string
  readonly sentences: readonly Sentence[]
}
