import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { CodedError } from '@threshold/kit'
import { type Lab, stageNumber } from './define.ts'

export interface LabInfo {
  readonly id: string
  readonly title: string
  readonly question: string
  readonly hypothesis: string
  readonly minutes: { readonly quick: number; readonly full: number }
  readonly memory: string
  readonly stages: readonly number[]
}

export const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url))

/** Loads every labs/*\/lab.ts, ordered by id. A lab that does not load is an error. */
export async function loadLabs(dir: string = join(REPOSITORY, 'labs')): Promise<Lab[]> {
  const files = (await readdir(dir))
    .map((name) => join(dir, name, 'lab.ts'))
    .filter((file) => existsSync(file))
  const labs = await Promise.all(
    files.map(
      async (file) => ((await import(pathToFileURL(file).href)) as { default: Lab }).default,
    ),
  )
  return labs.sort((a, b) => Number(a.id) - Number(b.id))
}

export async function listLabs(): Promise<LabInfo[]> {
  return (await loadLabs()).map(({ id, title, question, hypothesis, minutes, memory, arms }) => ({
    id,
    title,
    question,
    hypothesis,
    minutes,
    memory,
    stages: [
      ...new Set(
        Object.values(arms).map((arm) => stageNumber(typeof arm === 'string' ? arm : arm.stage)),
      ),
    ].sort((a, b) => a - b),
  }))
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
