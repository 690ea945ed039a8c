import { doctorRemedy, doctorRow, type EngineFinding } from '@threshold/engines'
import type { Lab } from '@threshold/lab-kit'

/** Whether a lab runs on this machine, and what it takes. */
export interface LabFacts {
  readonly id: string
  readonly title: string
  readonly runs: 'yes' | 'after-prefetch' | 'no'
  /** Why it does not run, and what to do about it; null if it runs. */
  readonly why: string | null
  readonly next: string | null
  readonly engines: readonly string[]
  /** The downloads and builds that its first run needs. */
  readonly toFetch: readonly string[]
  readonly minutes: Lab['minutes']
  /** The memory that should be free, as the lab states it. */
  readonly memory: string
  /** The most memory that its recorded run held; null if there is none. */
  readonly memoryPeakBytes: number | null
}

export interface LabInspection {
  readonly lab: Pick<Lab, 'id' | 'title' | 'minutes' | 'memory'>
  readonly findings: readonly EngineFinding[]
  readonly memoryPeakBytes: number | null
  /** The memory of this machine. */
  readonly memoryBytes: number
}

type Found = Exclude<EngineFinding, { readonly found: 'none' }>

const GIGABYTE = 1e9
const PREFETCH = 'npx threshold prefetch'

export function labFacts({ lab, findings, ...memory }: LabInspection): LabFacts {
  const choices = findings.flatMap((finding) => (finding.found === 'none' ? [] : finding.choice))
  const { id, title, minutes } = lab
  return {
    id,
    title,
    ...stateOf(findings, lab.memory, memory.memoryBytes),
    engines: choices.map(({ name }) => name),
    toFetch: choices.flatMap(({ name, install }) =>
      install === undefined ? [] : `${name}, ${install}`,
    ),
    minutes,
    memory: lab.memory,
    memoryPeakBytes: memory.memoryPeakBytes,
  }
}

function stateOf(
  findings: readonly EngineFinding[],
  memory: string,
  memoryBytes: number,
): Pick<LabFacts, 'runs' | 'why' | 'next'> {
  const missing = findings.find((finding) => finding.found === 'none')
  if (missing !== undefined) return { runs: 'no', why: missing.why, next: missing.next }
  const needed = Number.parseFloat(memory) * GIGABYTE
  if (memoryBytes < needed)
    return {
      runs: 'no',
      why: `it needs ${memory} of memory, and this machine has ${gigabytes(memoryBytes)}`,
      next: 'play its recorded run: --recorded',
    }
  const later = findings.find((finding): finding is Found => finding.found === 'after-prefetch')
  if (later === undefined) return { runs: 'yes', why: null, next: null }
  return { runs: 'after-prefetch', why: `${later.choice.name} is not fetched yet`, next: PREFETCH }
}

const MARKS: Record<LabFacts['runs'], string> = { yes: '✓', 'after-prefetch': '~', no: '–' }

/** The section of the doctor's report about labs. */
export const formatLabFacts = (labs: readonly LabFacts[]): string[] => [
  '',
  'Labs, at size quick',
  ...labs.flatMap((lab) => {
    const { id, title, runs, why, next, toFetch } = lab
    const text = [
      title,
      ...(why === null ? [] : [`does not run ${runs === 'no' ? 'here' : 'yet'}: ${why}`]),
      `${lab.minutes.quick} min`,
      memoryText(lab),
      ...toFetch,
    ]
    return [
      doctorRow(MARKS[runs], `lab ${id}`, text.join('; ')),
      ...(next === null ? [] : [doctorRemedy(next)]),
    ]
  }),
]

const memoryText = ({ memory, memoryPeakBytes }: LabFacts): string =>
  memoryPeakBytes === null
    ? `${memory} of memory`
    : `${gigabytes(memoryPeakBytes)} of memory at the peak of its recorded run`

const gigabytes = (bytes: number): string => `${(bytes / GIGABYTE).toFixed(1)} GB`
