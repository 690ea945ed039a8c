import type { Lab, Report } from '@threshold/lab-kit'

export const WORDS_PER_MINUTE = 200
const TALK_PER_QUESTION = 2

/** How long a lab takes, in whole minutes. */
export interface LabMinutes {
  readonly reading: number
  readonly predicting: number
  readonly running: number
  readonly talking: number
}

/** @param text the page, without the part that shows the minutes */
export const minutesOf = (lab: Lab, recorded: Report | undefined, text: string): LabMinutes => ({
  reading: Math.ceil(wordsIn(text) / WORDS_PER_MINUTE),
  predicting: lab.predict.length + 1,
  running: recorded === undefined ? lab.minutes.quick : Math.ceil(recorded.seconds / 60),
  talking: TALK_PER_QUESTION * lab.predict.length,
})

export const totalMinutes = ({ reading, predicting, running, talking }: LabMinutes): number =>
  reading + predicting + running + talking

/** Counts words of prose. Markup, addresses and comments are not read. */
const wordsIn = (markdown: string): number =>
  markdown
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\]\([^)]*\)/g, '] ')
    .split(/\s+/)
    .filter((word) => /[\p{L}\p{N}]/u.test(word)).length
