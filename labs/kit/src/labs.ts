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

/**
 * Every labs/*\/lab.ts, in the order of their ids. A lab that does not load is an error, and not a
 * lab fewer.
 */
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
  const lab = labs.find((one) => one.id === id)
  if (lab === undefined) {
    throw new CodedError(
      'UNKNOWN_LAB',
      `there is no lab ${id}; there is ${labs.map((one) => one.id).join(', ')}`,
      {
        next: 'npx threshold lab list',
      },
    )
  }
  return lab
}
