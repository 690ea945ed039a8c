import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { listStages } from '@threshold/engines'
import { hasCode } from '@threshold/kit'
import { type LabEntry, loadLabEntries, playRecording, type Report } from '@threshold/lab-kit'
import type { LabSource } from './page.ts'

/** Reads every lab with its stages and its recorded run. */
export async function loadLabSources(repository: string): Promise<LabSource[]> {
  const inRepository = (dir: string): string => relative(repository, dir).split(sep).join('/')
  const stages = (await listStages()).map(({ stage, title, engines, dir }) => ({
    stage,
    title,
    engines,
    folder: inRepository(dir),
  }))
  const labs = await loadLabEntries()
  return await Promise.all(
    labs.map(async ({ lab, dir }) => ({
      lab,
      folder: inRepository(dir),
      stages,
      ownCodes: await codesIn(dir),
      recorded: await recordedRun(lab),
    })),
  )
}

/** @throws CodedError `RECORDING_OUTDATED` if the lab measures something else now */
async function recordedRun(lab: LabEntry['lab']): Promise<Report | undefined> {
  try {
    return await playRecording(lab)
  } catch (error) {
    if (hasCode(error, 'NO_RECORDING')) return undefined
    throw error
  }
}

const CODE = /'([A-Z]+(?:_[A-Z]+)+)'/g

async function codesIn(dir: string): Promise<string[]> {
  const files = (await readdir(dir)).filter((name) => name.endsWith('.ts'))
  const texts = await Promise.all(files.map((name) => readFile(join(dir, name), 'utf8')))
  return [...new Set(texts.flatMap((text) => [...text.matchAll(CODE)].map(([, code]) => code!)))]
}
