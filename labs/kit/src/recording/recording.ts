import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { CodedError } from '@threshold/kit'
import { folderOf, REPOSITORY } from '../labs.ts'
import { planArms } from '../plan.ts'
import type { Prediction } from '../predict/question.ts'
import { buildReport } from '../report/build.ts'
import { locateCode } from '../report/headline.ts'
import { type Report, reportSchema } from '../report/schema.ts'
import type { Lab } from '../spec.ts'
import { definitionHash } from './definition.ts'
import { personalDataIn } from './personal-data.ts'

/** Recordings are part of the repository, so a clone stays small. */
export const MAX_RECORDING_BYTES = 300_000

/** The report of one real run at size quick, which anyone can play without an engine. */
const recordingFile = (dir: string): string => join(dir, 'recorded', 'report.json')

/** Whether a run of the lab was recorded. Playing it may still fail: see `playRecording`. */
export async function hasRecording(lab: Lab): Promise<boolean> {
  const dir = await folderOf(lab)
  return dir !== undefined && existsSync(recordingFile(dir))
}

/**
 * Keeps the report of a run as the lab's recording.
 *
 * @param folder where to keep it; the lab's folder by default
 * @returns the path of the recording and its bytes
 * @throws CodedError `NOT_RECORDABLE` unless it is a supported run at size quick, below the limit,
 * and without personal data
 */
export async function saveRecording(
  lab: Lab,
  report: Report,
  folder?: string,
): Promise<{ file: string; bytes: number }> {
  const dir = folder ?? (await folderOf(lab))
  const text = `${JSON.stringify(report)}\n`
  const problem =
    dir === undefined ? 'the lab is not one of this repository' : problemOf(report, text)
  if (problem !== undefined)
    throw new CodedError('NOT_RECORDABLE', `the run of lab ${lab.id} was not kept: ${problem}`, {
      next: `npx threshold record ${lab.id}`,
    })
  const file = recordingFile(dir!)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, text)
  return { file, bytes: Buffer.byteLength(text) }
}

function problemOf(report: Report, text: string): string | undefined {
  const { verdict, reasons, size, prediction } = report
  if (verdict !== 'supported') return `its verdict is ${verdict}: ${reasons.join('; ')}`
  if (size !== 'quick' || !isPlainRun(report)) return 'it is not a plain run at size quick'
  if (prediction.answers !== undefined) return 'it has a prediction, which belongs to its author'
  const personal = personalDataIn(report)
  if (personal !== undefined) return `it contains personal data: ${personal}`
  const bytes = Buffer.byteLength(text)
  return bytes > MAX_RECORDING_BYTES
    ? `it has ${bytes} bytes; the limit is ${MAX_RECORDING_BYTES}`
    : undefined
}

/**
 * Returns the lab's recorded run as a report with the lab's present wording, and with the
 * prediction scored. Figures, thresholds and verdict are computed from the recorded samples.
 *
 * @param file the report.json of another plain run; by default the recording of the lab's folder
 * @throws CodedError `NO_RECORDING`, or `RECORDING_OUTDATED` if the lab measures something else now
 */
export async function playRecording(
  lab: Lab,
  prediction?: Prediction,
  file?: string,
): Promise<Report> {
  const dir = await folderOf(lab)
  const source = file ?? (dir === undefined ? undefined : recordingFile(dir))
  const stored = source === undefined ? undefined : await readRecording(source)
  if (stored === undefined || stored.lab.id !== lab.id || !isPlainRun(stored))
    throw new CodedError(
      'NO_RECORDING',
      file === undefined
        ? `lab ${lab.id} has no recorded run that can be read`
        : `${file} is no report.json of a plain run of lab ${lab.id}`,
      { next: `npx threshold ${file === undefined ? 'record' : 'lab'} ${lab.id}` },
    )
  const definition = await definitionHash(lab, dir)
  if (stored.lab.definition !== definition)
    throw new CodedError(
      'RECORDING_OUTDATED',
      `lab ${lab.id} was changed since its run was recorded on ${stored.startedAt.slice(0, 10)}`,
      { next: `npx threshold record ${lab.id}` },
    )
  const { size, environment, startedAt, seconds, stages, samples, discarded } = stored
  return await buildReport({
    lab,
    arms: planArms(lab, size, false),
    size,
    control: false,
    demo: false,
    recorded: true,
    prediction,
    environment,
    seconds,
    started: new Date(startedAt),
    stages,
    definition,
    code: await locateCode(REPOSITORY, lab),
    rounds: { samples, discarded, problems: [] },
    engineLabels: new Map(
      stored.arms.flatMap(({ name, engine }) => (engine === undefined ? [] : [[name, engine]])),
    ),
  })
}

const isPlainRun = ({ control, demo, samples }: Report): boolean =>
  control === undefined && !demo && samples.length > 0

/** Undefined if there is none, or if it has another report format. */
async function readRecording(file: string): Promise<Report | undefined> {
  try {
    return reportSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}
