import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CodedError, messageOf } from '@threshold/kit'
import {
  type ChaosResult,
  checkHistory,
  type History,
  historySchema,
  RULES,
  type Rule,
  type Violation,
} from '@threshold/labs/chaos'
import { evidenceFolder } from './context.ts'

/** Violations that are printed. The file has all. */
const MAX_PRINTED = 5

/** Whether a run shows a fault of the stage. */
export const hasFailed = ({ violations, back, clients, failure, history }: ChaosResult): boolean =>
  violations.length > 0 ||
  back < clients ||
  failure !== undefined ||
  history.acknowledged.length === 0

/** Keeps the history of a run, and returns what the user reads. */
export async function formatChaos(result: ChaosResult): Promise<string> {
  const { faults, history, back, clients, resumptions, givenUp, crashes, failure } = result
  const { acknowledged, sessions } = history
  return [
    `${faults.length} faults, ${acknowledged.length} messages acknowledged, ${givenUp} given up, ${back} of ${clients} clients back`,
    `${resumptions} resumptions, ${sessions.length - clients} sessions that began anew, ${crashes.length} processes that ended by themselves`,
    ...crashes.map((line) => `  ${line}`),
    failure === undefined ? formatViolations(result.violations) : `the run ended early: ${failure}`,
    '',
    `engines: ${result.engineText}`,
    `history: ${await saveChaos(result)}`,
  ].join('\n')
}

/** Returns the path of the history. */
async function saveChaos({ history, faults, engineText }: ChaosResult): Promise<string> {
  const at = new Date().toISOString().replaceAll(/[:.]/g, '-')
  const folder = join(evidenceFolder(), `chaos-${at}`)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'faults.txt'), `${[engineText, ...faults].join('\n')}\n`)
  const path = join(folder, 'history.json')
  await writeFile(path, `${JSON.stringify(history)}\n`)
  return path
}

/** Checks a history that an earlier run has kept. Rejects with `BAD_HISTORY`. */
export async function checkFile(path: string): Promise<readonly Violation[]> {
  let history: History
  try {
    history = historySchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    throw new CodedError('BAD_HISTORY', `${path} is no history of a run: ${messageOf(error)}`, {
      next: 'npx threshold chaos',
    })
  }
  return checkHistory(history)
}

/** A line for each rule, and the first violations with what shows them. */
export function formatViolations(violations: readonly Violation[]): string {
  const rules = (Object.keys(RULES) as Rule[]).map((rule) => {
    const count = violations.filter((violation) => violation.rule === rule).length
    return `${rule.padEnd(10)} ${String(count).padStart(4)}   ${RULES[rule]}`
  })
  const shown = violations
    .slice(0, MAX_PRINTED)
    .flatMap(({ rule, text, evidence }) => [
      '',
      `${rule}: ${text}`,
      ...evidence.map((line) => `  ${line}`),
    ])
  return [...rules, ...shown].join('\n')
}
