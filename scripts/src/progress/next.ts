import type { ProgressEntry } from '../progress.ts'
import { bestOf, isRun, kindOf, outcomesOf } from './outcomes.ts'

/** The part of a lab that decides which one is next. */
export interface NextLab {
  readonly id: string
  readonly title: string
  readonly minutes: { readonly quick: number }
  readonly stages: readonly number[]
}

export interface NextInput {
  /** All labs, in their order. */
  readonly labs: readonly NextLab[]
  readonly progress: readonly ProgressEntry[]
  /** Recorded runs that were played count as done, and the command plays the next one. */
  readonly recorded: boolean
  /** Why a lab cannot run on this machine; undefined if it can, or if nothing is known. */
  readonly obstacle?: (lab: NextLab) => string | undefined
}

export interface Next {
  readonly v: 1
  readonly done: number
  readonly total: number
  /** The running time at size quick of the labs that are left. */
  readonly minutesLeft: number
  /** The last run, in one line; null if there is none. */
  readonly last: string | null
  /** True if no lab is left. The command is then a last step. */
  readonly finished: boolean
  readonly lab: string | null
  /** The one command to run. */
  readonly command: string
  /** Why this one. */
  readonly why: string
  /** A line about the last prediction. */
  readonly note: string | null
}

const COMMAND = 'npx threshold'

/**
 * Finds the next step: the first lab, in their order, that is not done. A lab is done by a verdict
 * of this machine. A lab that cannot run here is done once its recorded run was played.
 */
export function nextStep(input: NextInput): Next {
  const { labs, progress } = input
  const left = labs.filter((lab) => !isDone(lab, input))
  const [lab] = left
  const step = lab === undefined ? lastStep(labs) : stepFor(lab, input)
  return {
    v: 1,
    done: labs.length - left.length,
    total: labs.length,
    minutesLeft: input.recorded ? 0 : left.reduce((sum, { minutes }) => sum + minutes.quick, 0),
    last: describeLast(progress),
    finished: lab === undefined,
    lab: lab?.id ?? null,
    ...step,
    note: noteOf(progress),
  }
}

function isDone(lab: NextLab, { progress, recorded, obstacle }: NextInput): boolean {
  const { verdict, played, couldNotRun } = outcomesOf(lab.id, progress)
  if (verdict !== undefined) return true
  return played && (recorded || couldNotRun || obstacle?.(lab) !== undefined)
}

function stepFor(lab: NextLab, { progress, recorded, obstacle }: NextInput): Step {
  const { id, title, minutes } = lab
  const play = `${COMMAND} lab ${id} --recorded`
  const why = recorded ? undefined : obstacle?.(lab)
  if (recorded) return { command: play, why: `lab ${id}, ${title}, as it was recorded` }
  if (why !== undefined)
    return { command: play, why: `lab ${id}, ${title}, cannot run here: ${why}` }
  if (outcomesOf(id, progress).couldNotRun)
    return { command: play, why: `lab ${id}, ${title}, could not run; its recorded run plays` }
  return { command: `${COMMAND} lab ${id}`, why: `lab ${id}, ${title}, about ${minutes.quick} min` }
}

type Step = Pick<Next, 'command' | 'why'>

/** After the labs: the difference between the last stage and the one before. */
function lastStep(labs: readonly NextLab[]): Step {
  const stages = [...new Set(labs.flatMap((lab) => lab.stages))].sort((a, b) => a - b)
  const [before, last] = stages.slice(-2)
  if (before === undefined || last === undefined)
    return { command: `${COMMAND} docs`, why: 'all labs are done; the docs tell the whole story' }
  return {
    command: `${COMMAND} stages diff ${before} ${last}`,
    why: `all labs are done; see how little code stage ${last} changed`,
  }
}

function describeLast(progress: readonly ProgressEntry[]): string | null {
  const run = progress.findLast(isRun)
  if (run === undefined) return null
  const best = bestOf(run.scores)
  const score = best === undefined ? 'no prediction' : `best prediction: ${best}`
  const verdict = run.verdict === 'none' ? 'no verdict' : run.verdict
  return `lab ${run.lab} (${kindOf(run)}): ${verdict}; ${score}`
}

function noteOf(progress: readonly ProgressEntry[]): string | null {
  const run = progress.findLast(isRun)
  if (run === undefined || !run.scores.includes('wrong direction')) return null
  return `A prediction of lab ${run.lab} went in the wrong direction: “why ${run.lab}” explains it.`
}

export function formatNext({ done, total, minutesLeft, last, why, command, note }: Next): string {
  const left = done < total && minutesLeft > 0 ? `, about ${minutesLeft} min of runs left` : ''
  return [
    `${done} of ${total} labs done${left}`,
    ...(last === null ? [] : [`last: ${last}`]),
    ...(note === null ? [] : [note]),
    `next: ${why}`,
    '',
    `  ${command}`,
  ].join('\n')
}
