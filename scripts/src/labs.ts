import type { OnProgress } from '@threshold/engines'
import { evidenceFolder } from './context.ts'
import { unlessInterrupted } from './interruption.ts'
import { bold, type Terminal, table } from './terminal.ts'
import { unknownName } from './unknown-name.ts'

export type Size = 'tiny' | 'quick' | 'full'
export type Verdict = 'supported' | 'refuted' | 'inconclusive' | 'could-not-run' | 'none'

/** Scripts and CI read these codes. Any other code is a crash, and no verdict. */
export const VERDICT_EXIT: Record<Verdict, number> = {
  supported: 0,
  refuted: 10,
  inconclusive: 11,
  'could-not-run': 12,
  none: 13,
}

export interface LabInfo {
  readonly id: string
  readonly title: string
  readonly question: string
  readonly hypothesis: string
  readonly minutes: { readonly quick: number; readonly full: number }
  readonly memory: string
  readonly stages: readonly number[]
}

export interface LabOutcome {
  readonly verdict: Verdict
  readonly reasons: readonly string[]
  readonly reportHtml: string
  readonly reportJson: string
  readonly summary: string
}

/** The part of the lab kit that the command line uses. */
interface LabKit {
  listLabs(): Promise<readonly LabInfo[]>
  runLab(
    id: string,
    options: { size: Size; onProgress: OnProgress; evidenceDir: string },
  ): Promise<LabOutcome>
}

/** Loads the lab kit, which only the commands that run or list labs need. */
export async function loadLabKit(): Promise<LabKit> {
  return await import('@threshold/lab-kit')
}

export async function findLab(id: string): Promise<LabInfo> {
  const { listLabs } = await loadLabKit()
  const labs = await listLabs()
  const found = labs.find((lab) => lab.id === id)
  const known = labs.map((lab) => lab.id)
  if (found === undefined)
    throw unknownName('UNKNOWN_LAB', 'lab', id, known, 'npx threshold lab list')
  return found
}

export interface RunLabOptions {
  readonly size: Size
  /** Asks for a prediction first, if the terminal is interactive. */
  readonly predict: boolean
}

/** Introduces the lab, asks for a prediction, runs the lab, and returns its outcome. */
export async function runLab(
  lab: LabInfo,
  { size }: RunLabOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome> {
  const duration = size === 'tiny' ? 'seconds' : `about ${lab.minutes[size]} min`
  terminal.log(`${bold(`Lab ${lab.id}, ${lab.title}`)} (${size}, ${duration}, ${lab.memory})`)
  terminal.log(`${lab.question}\nHypothesis: ${lab.hypothesis}`)
  const kit = await loadLabKit()
  using progress = terminal.progress(`lab ${lab.id}`)
  const running = kit.runLab(lab.id, {
    size,
    onProgress: progress.step,
    evidenceDir: evidenceFolder(),
  })
  return await unlessInterrupted(interrupted, running)
}

export function formatOutcome({ summary, verdict, reportHtml }: LabOutcome): string {
  return [summary.trimEnd(), '', bold(`verdict: ${verdict}`), `report: ${reportHtml}`].join('\n')
}

export function formatLabs(labs: readonly LabInfo[]): string {
  return table(
    ['Lab', 'Title', 'Stages', 'Quick', 'Full', 'Memory', 'Question'],
    labs.map(({ id, title, stages, minutes, memory, question }) => [
      id,
      title,
      stages.join(', '),
      `${minutes.quick} min`,
      `${minutes.full} min`,
      memory,
      question,
    ]),
  )
}
