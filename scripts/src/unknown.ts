import { listStages, type StageInfo } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { nearest } from './nearest.ts'

/** For an unknown lab, stage or bench: names what was given, what was probably meant, and where all of them are listed. */
export function unknown(code: string, what: string, word: string, words: readonly string[], next: string): CodedError {
  const meant = nearest(word, words)
  const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`
  const known = words.length === 0 ? `; there is no ${what} yet` : ''
  return new CodedError(code, `no ${what} is called ${JSON.stringify(word)}${known}${guess}`, { next })
}

export const unknownStage = (number: string, stages: readonly StageInfo[]): CodedError =>
  unknown(
    'UNKNOWN_STAGE',
    'stage',
    number,
    stages.map(({ stage }) => String(stage)),
    'npx threshold stages list',
  )

export async function findStage(number: string): Promise<StageInfo> {
  const stages = await listStages()
  const found = stages.find(({ stage }) => String(stage) === number)
  if (found === undefined) throw unknownStage(number, stages)
  return found
}
