import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { isAbsolute, join, relative, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CodedError } from '@threshold/kit'
import { figuresByArm } from './expectations.ts'
import { stageNumber } from './plan.ts'
import type { AnswerFormat } from './predict/answer.ts'
import type { Lab } from './spec.ts'

export interface LabInfo
  extends Pick<Lab, 'id' | 'title' | 'question' | 'hypothesis' | 'minutes' | 'memory'> {
  readonly stages: readonly number[]
  /** The learner answers these before the run. */
  readonly questions: readonly (AnswerFormat & { readonly text: string })[]
}

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * The relative URL of the repository for a page in this folder. A folder on another drive of
 * Windows has none and gets an absolute one.
 */
export function repositoryUrl(from: string): string {
  const path = relative(from, REPOSITORY)
  return isAbsolute(path) ? pathToFileURL(REPOSITORY).href : path.split(sep).join('/')
}

/** A lab and its folder, as an absolute path. */
export interface LabEntry {
  readonly lab: Lab
  readonly dir: string
}

/** Orders 1.10 after 1.9. */
const byId = new Intl.Collator('en', { numeric: true })

/** Loads every labs/*\/lab.ts, ordered by id. A lab that does not load is an error. */
export async function loadLabEntries(dir: string = join(REPOSITORY, 'labs')): Promise<LabEntry[]> {
  const folders = (await readdir(dir))
    .map((name) => join(dir, name))
    .filter((folder) => existsSync(join(folder, 'lab.ts')))
  const entries = await Promise.all(
    folders.map(async (folder) => {
      const { href } = pathToFileURL(join(folder, 'lab.ts'))
      return { lab: ((await import(href)) as { default: Lab }).default, dir: folder }
    }),
  )
  return entries.sort((a, b) => byId.compare(a.lab.id, b.lab.id))
}

export const loadLabs = async (): Promise<Lab[]> => (await loadLabEntries()).map(({ lab }) => lab)

/** The folder of a lab; undefined if it is not one of this repository. */
export const folderOf = async (lab: Lab): Promise<string | undefined> =>
  (await loadLabEntries()).find((entry) => entry.lab === lab)?.dir

/** The lab that follows this one; undefined after the last. */
export async function labAfter(id: string): Promise<Lab | undefined> {
  return (await loadLabs()).find((lab) => byId.compare(lab.id, id) > 0)
}

export async function listLabs(): Promise<LabInfo[]> {
  return (await loadLabs()).map((lab) => {
    const { id, title, question, hypothesis, minutes, memory, arms, predict } = lab
    const stages = new Set(Object.values(arms).map((arm) => stageNumber(arm.stage)))
    const questions = predict.map(({ text, range, answer }) => ({
      text,
      range,
      unit: answer(figuresByArm(lab)).unit,
    }))
    return {
      id,
      title,
      question,
      hypothesis,
      minutes,
      memory,
      questions,
      stages: [...stages].sort((a, b) => a - b),
    }
  })
}

export async function findLab(id: string): Promise<Lab> {
  const labs = await loadLabs()
  const found = labs.find((lab) => lab.id === id)
  if (found === undefined)
    throw new CodedError(
      'UNKNOWN_LAB',
      `there is no lab ${id}; the labs are ${labs.map((lab) => lab.id).join(', ')}`,
      { next: 'npx threshold lab list' },
    )
  return found
}
