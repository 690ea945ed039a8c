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

/** Keeps a run. Returns the path of its history. */
export async function saveChaos({ history, faults, engineText }: ChaosResult): Promise<string> {
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
