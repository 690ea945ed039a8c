import { constants } from 'node:os'
import type { OnProgress } from '@threshold/engines'
import { Interrupted } from './errors.ts'
import { unlessInterrupted } from './interruption.ts'
import { bold, type Terminal, table } from './terminal.ts'
import { unknownName } from './unknown-name.ts'

export type Size = 'tiny' | 'quick' | 'full'
export type Verdict = 'supported' | 'refuted' | 'inconclusive' | 'could-not-run'
export type Prediction = 'supported' | 'refuted'

/** Scripts and CI read these codes. Any other code is a crash, and no verdict. */
export const VERDICT_EXIT: Record<Verdict, number> = {
  supported: 0,
  refuted: 10,
  inconclusive: 11,
  'could-not-run': 12,
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
    options: { size: Size; prediction?: Prediction; onProgress: OnProgress },
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
  { size, predict }: RunLabOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome & { prediction?: Prediction }> {
  const duration = size === 'tiny' ? 'seconds' : `about ${lab.minutes[size]} min`
  terminal.log(`${bold(`Lab ${lab.id}, ${lab.title}`)} (${size}, ${duration}, ${lab.memory})`)
  terminal.log(`${lab.question}\nHypothesis: ${lab.hypothesis}`)
  const answer = predict && terminal.interactive ? await askPrediction() : undefined
  const prediction = answer === undefined ? {} : { prediction: answer }
  const kit = await loadLabKit()
  using progress = terminal.progress(`lab ${lab.id}`)
  const running = kit.runLab(lab.id, { size, ...prediction, onProgress: progress.step })
  const outcome = await unlessInterrupted(interrupted, running)
  return { ...outcome, ...prediction }
}

async function askPrediction(): Promise<Prediction | undefined> {
  const { select } = await import('@inquirer/prompts')
  const answer = select<Prediction | undefined>(
    {
      message: 'What do you expect the run to say of the hypothesis?',
      choices: [
        { name: 'supported: it will hold', value: 'supported' },
        { name: 'refuted: it will not', value: 'refuted' },
        { name: 'I would rather not say', value: undefined },
      ],
    },
    // Only results go to stdout.
    { output: process.stderr },
  )
  return await answer.catch((error: unknown) => {
    // A prompt receives Ctrl-C as a key, and no signal is sent.
    throw error instanceof Error && error.name === 'ExitPromptError'
      ? new Interrupted(128 + constants.signals.SIGINT)
      : error
  })
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
