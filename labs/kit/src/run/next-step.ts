import type { Lab } from '../spec.ts'
import type { BusyProgram } from './busiest.ts'
import { MACHINE_LIMITS } from './preflight.ts'

export interface Stopped {
  readonly lab: Pick<Lab, 'id'>
  readonly demo: boolean
  /** The lab has a recorded run that can be played. */
  readonly recorded: boolean
  readonly busiest: readonly BusyProgram[]
  /** The next step of the error that stopped the lab. */
  readonly next?: string | undefined
}

const DOCTOR = 'npx threshold doctor'

/** Names the commands that help after a lab could not run, for its report and the terminal. */
export function nextStepOf({ lab, demo, recorded, busiest, next }: Stopped): string {
  const command = `npx threshold lab ${lab.id}`
  const recording = recorded ? [`${command} --recorded plays a recorded run`] : []
  const specific = next === undefined || next === DOCTOR ? undefined : next
  if (specific !== undefined) return [specific, ...recording].join('; or ')
  const share = busiest.reduce((sum, program) => sum + program.share, 0)
  const isBusy = share > MACHINE_LIMITS.othersShare / 2
  const close = `close ${listOf(busiest.map(({ name }) => name))}, then run the same command again`
  return [
    ...(isBusy ? [close] : recorded ? [] : [DOCTOR]),
    ...(demo ? [] : [`${command} --demo shows everything and gives no verdict`]),
    ...recording,
  ].join('; or ')
}

/** `a`, `a and b`, `a, b and c`. */
const listOf = (names: readonly string[]): string =>
  new Intl.ListFormat('en-GB', { type: 'conjunction' }).format(names)
