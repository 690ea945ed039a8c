import { listStages, type StageInfo } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { nearest } from './nearest.ts'

/**
 * The chat system is to be built so many times; those that are missing are known by their numbers.
 */
const PLANNED_STAGES = 4

/**
 * For an unknown lab, stage or bench: names what was given, what was probably meant, and all that
 * there is.
 */
export function unknown(
  code: string,
  what: string,
  word: string,
  words: readonly string[],
  next: string,
): CodedError {
  if (words.length === 0) return new CodedError(code, `there is no ${what} yet`, { next })
  const planned = notBuiltYet(what, word, words)
  const there = `there ${words.length === 1 ? 'is' : 'are'} ${words.join(', ')}`
  if (planned !== undefined) return new CodedError(code, `${planned}; ${there}`, { next })
  // A number that does not exist is a question of what there is, and no slip of the hand.
  const meant = isNumber(word) ? undefined : nearest(word, words)
  const guess = meant === undefined ? '' : ` (did you mean ${meant}?)`
  return new CodedError(
    code,
    `there is no ${what} ${isNumber(word) ? word : JSON.stringify(word)}${guess}; ${there}`,
    { next },
  )
}

const isNumber = (word: string): boolean => /^\d+(\.\d+)?$/.test(word)

function notBuiltYet(what: string, word: string, words: readonly string[]): string | undefined {
  const stage = Number.parseInt(word, 10)
  if (!isNumber(word) || stage < 1 || stage > PLANNED_STAGES) return undefined
  if (what === 'stage' && String(stage) === word) return `stage ${stage} is not built yet`
  if (what !== 'lab' || words.some((known) => known.startsWith(`${stage}.`))) return undefined
  return `lab ${word} is not built yet, as stage ${stage} is not`
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
