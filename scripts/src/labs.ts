import { dirname } from 'node:path'
import type { LabInfo, LabResult, Size } from '@threshold/lab-kit'
import { evidenceFolder, recordedFolder } from './context.ts'
import { unlessInterrupted } from './interruption.ts'
import { loadLabKit } from './lab-kit.ts'
import type { LabOutcome } from './lab-outcome.ts'
import { type PredictOptions, predictionFor } from './prediction.ts'
import { appendProgress } from './progress.ts'
import { showRecordedRun } from './recorded-run.ts'
import { bold, type Terminal } from './terminal.ts'
import { unknownName } from './unknown-name.ts'

export async function findLab(id: string): Promise<LabInfo> {
  const { listLabs } = await loadLabKit()
  const labs = await listLabs()
  const found = labs.find((lab) => lab.id === id)
  const known = labs.map((lab) => lab.id)
  if (found === undefined)
    throw unknownName('UNKNOWN_LAB', 'lab', id, known, 'npx threshold lab list')
  return found
}

export interface RunLabOptions extends PredictOptions {
  readonly size: Size
  /** Runs the negative control. */
  readonly twin?: boolean | undefined
  readonly demo?: boolean | undefined
}

/**
 * Introduces the lab, asks for a prediction, runs the lab, and returns its outcome. The hypothesis
 * and everything else that gives the answer away comes after the prediction.
 */
export async function runLab(
  lab: LabInfo,
  options: RunLabOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome> {
  const { size, twin = false, demo = false } = options
  const kit = await loadLabKit()
  const kind = twin ? ', negative control' : demo ? ', demonstration' : ''
  const duration = size === 'tiny' ? 'seconds' : `about ${lab.minutes[size]} min`
  introduce(lab, `${size}${kind}, ${duration}, ${lab.memory}`, terminal)
  const prediction = await predictionFor(lab, options, terminal, interrupted)
  const definition = await kit.findLab(lab.id)
  if (twin)
    terminal.log(
      `\nThis run is the negative control, so it must be refuted. It changes one thing: ${definition.control.text}.`,
    )
  using progress = terminal.progress(`lab ${lab.id}`)
  const running = kit.runLab(lab.id, {
    size,
    prediction,
    control: twin,
    demo,
    onProgress: progress.step,
    evidenceDir: evidenceFolder(),
  })
  const result = await unlessInterrupted(interrupted, running)
  await appendRun(result)
  return twin ? { ...result, unmet: kit.unmetByControl(definition, result) } : result
}

/**
 * Plays a recorded run: the prediction first, then the run, then the outcome. It needs no engine
 * and does not use the cache.
 *
 * @param file a report.json to play instead of the lab's recording
 */
export async function playLab(
  lab: LabInfo,
  options: PredictOptions & { readonly file?: string | undefined; readonly show: boolean },
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome> {
  const kit = await loadLabKit()
  const definition = await kit.findLab(lab.id)
  // A recording that cannot be played is reported before the learner thinks of an answer.
  const recorded = await kit.playRecording(definition, undefined, options.file)
  introduce(lab, kit.recordedLabel(recorded), terminal)
  const prediction = await predictionFor(lab, options, terminal, interrupted)
  const report = await kit.playRecording(definition, prediction, options.file)
  if (options.show) await showRecordedRun(report, terminal, interrupted)
  const result = await kit.saveRecordedPage(report, recordedFolder())
  await appendRun(result)
  return result
}

function introduce({ id, title, question }: LabInfo, text: string, terminal: Terminal): void {
  terminal.log(`${bold(`Lab ${id}, ${title}`)} (${text})`)
  terminal.log(question)
}

async function appendRun({ report, reportHtml }: LabResult): Promise<void> {
  const { lab, size, verdict, recorded, demo, control, prediction } = report
  const { answers, reason, scores } = prediction
  await appendProgress({
    kind: 'ran',
    lab: lab.id,
    size,
    verdict,
    recorded,
    demo,
    control: control !== undefined,
    ...(answers === undefined ? {} : { answers }),
    ...(reason === undefined ? {} : { reason }),
    scores,
    evidence: dirname(reportHtml),
  })
}
