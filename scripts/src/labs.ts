import { constants } from 'node:os'
import type { OnProgress } from '@threshold/engines'
import { Interrupted } from './failure.ts'
import { unlessInterrupted } from './interruption.ts'
import { strong, type Terminal, table } from './terminal.ts'
import { unknown } from './unknown.ts'

export type Size = 'tiny' | 'quick' | 'full'
export type Verdict = 'supported' | 'refuted' | 'inconclusive' | 'could-not-run'
export type Prediction = 'supported' | 'refuted'

/** The codes that scripts and CI read; anything else is a crash, and no verdict. */
export const EXIT_CODES: Record<Verdict, number> = {
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

/** What the command line needs of the lab engine. */
interface LabKit {
  listLabs(): Promise<readonly LabInfo[]>
  runLab(
    id: string,
    options: { size: Size; prediction?: Prediction; onProgress: OnProgress },
  ): Promise<LabOutcome>
}

/** Loaded when a lab is asked for, and by no other command. */
export async function labKit(): Promise<LabKit> {
  return await import('@threshold/lab-kit')
}

export async function findLab(id: string): Promise<LabInfo> {
  const { listLabs } = await labKit()
  const labs = await listLabs()
  const lab = labs.find((one) => one.id === id)
  const known = labs.map((one) => one.id)
  if (lab === undefined) throw unknown('UNKNOWN_LAB', 'lab', id, known, 'npx threshold lab list')
  return lab
}

export interface LabRun {
  readonly size: Size
  /** Ask before the run, where somebody can answer. */
  readonly ask: boolean
}

/** Asks, runs, and returns what came of it; draws nothing but progress. */
export async function runLab(
  lab: LabInfo,
  { size, ask }: LabRun,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome & { prediction?: Prediction }> {
  const minutes = size === 'tiny' ? 'seconds' : `about ${lab.minutes[size]} min`
  terminal.say(
    `${strong(`Lab ${lab.id}, ${lab.title}`)} (${size}, ${minutes}, ${lab.memory})\n${lab.question}\nHypothesis: ${lab.hypothesis}`,
  )
  const prediction = ask && terminal.interactive ? await askPrediction() : undefined
  const kit = await labKit()
  using progress = terminal.progress(`lab ${lab.id}`)
  const run = kit.runLab(lab.id, {
    size,
    ...(prediction === undefined ? {} : { prediction }),
    onProgress: progress.step,
  })
  const outcome = await unlessInterrupted(interrupted, run)
  return { ...outcome, ...(prediction === undefined ? {} : { prediction }) }
}

async function askPrediction(): Promise<Prediction | undefined> {
  const { select } = await import('@inquirer/prompts')
  const answer = select<Prediction | undefined>(
    {
      message: 'What will the run say of the hypothesis?',
      choices: [
        { name: 'supported: it will hold', value: 'supported' },
        { name: 'refuted: it will not', value: 'refuted' },
        { name: 'I would rather not say', value: undefined },
      ],
    },
    // The answer is part of the conversation and none of the result.
    { output: process.stderr },
  )
  return await answer.catch((error: unknown) => {
    // In a prompt, Ctrl-C is a key and no signal.
    throw error instanceof Error && error.name === 'ExitPromptError'
      ? new Interrupted(128 + constants.signals.SIGINT)
      : error
  })
}

export function drawOutcome({ summary, verdict, reportHtml }: LabOutcome): string {
  return [summary.trimEnd(), '', strong(`verdict: ${verdict}`), `report: ${reportHtml}`].join('\n')
}

export function drawLabs(labs: readonly LabInfo[]): string {
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
