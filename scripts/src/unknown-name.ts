import { listStages, type StageInfo } from '@threshold/engines'
import { CodedError } from '@threshold/kit'
import { didYouMean } from './did-you-mean.ts'

/** The design has four stages. A stage that does not exist yet is still known by its number. */
const PLANNED_STAGES = 4

/**
 * The error for an unknown stage, lab, bench, migration or step. It names the closest known word
 * and lists all of them.
 */
export function unknownName(
  code: string,
  kind: string,
  name: string,
  known: readonly string[],
  next: string,
): CodedError {
  if (known.length === 0) return new CodedError(code, `there is no ${kind} yet`, { next })
  const list = `there ${known.length === 1 ? 'is' : 'are'} ${known.join(', ')}`
  const planned = notBuiltYet(kind, name, known)
  if (planned !== undefined) return new CodedError(code, `${planned}; ${list}`, { next })
  // A wrong number is rarely a typo, so it gets the list and no guess.
  const problem = isNumber(name)
    ? `there is no ${kind} ${name}`
    : `there is no ${kind} ${JSON.stringify(name)}${didYouMean(name, known)}`
  return new CodedError(code, `${problem}; ${list}`, { next })
}

const isNumber = (name: string): boolean => /^\d+(\.\d+)?$/.test(name)

function notBuiltYet(kind: string, name: string, known: readonly string[]): string | undefined {
  const stage = Number.parseInt(name, 10)
  if (!isNumber(name) || stage < 1 || stage > PLANNED_STAGES) return undefined
  if (kind === 'stage' && String(stage) === name) return `stage ${stage} is not built yet`
  if (kind !== 'lab' || known.some((id) => id.startsWith(`${stage}.`))) return undefined
  return `lab ${name} is not built yet, because stage ${stage} is not`
}

export const unknownStage = (number: string, stages: readonly StageInfo[]): CodedError =>
  unknownName(
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
