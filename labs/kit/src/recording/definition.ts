import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expectationsOf } from '../expectations.ts'
import { describeFault } from '../faults.ts'
import { assertionText } from '../figure.ts'
import { nameInWords } from '../measure.ts'
import { planArms } from '../plan.ts'
import type { Lab } from '../spec.ts'

/**
 * Hashes what the lab measures at size quick: its arms with their loads, faults and interventions,
 * its measures, its thresholds, and the other source files of its folder. Wording is not included,
 * so that a better sentence does not invalidate a recorded run.
 *
 * @param dir the folder of the lab; undefined for a lab that is no folder of the repository
 */
export async function definitionHash(lab: Lab, dir: string | undefined): Promise<string> {
  const arms = planArms(lab, 'quick', false).map(
    ({ title: _, fault, intervention, ...measured }) => ({
      ...measured,
      fault: fault === undefined ? undefined : describeFault(fault),
      intervention: intervention?.text,
    }),
  )
  const measures = Object.entries(lab.measure).map(([name, { unit }]) => [nameInWords(name), unit])
  const thresholds = expectationsOf(lab).map(({ arm, expectation }) => [
    arm,
    expectation.assertions.map(assertionText),
  ])
  const { repeats } = lab.sizes.quick
  const hash = createHash('sha256')
  hash.update(JSON.stringify({ id: lab.id, arms, repeats, measures, thresholds }))
  for (const file of dir === undefined ? [] : await sourceFiles(dir))
    hash.update(`\n${file}\n`).update(await readFile(join(dir!, file)))
  return hash.digest('hex')
}

/** The files beside lab.ts, sorted. Its own data is hashed above. */
const sourceFiles = async (dir: string): Promise<string[]> =>
  (await readdir(dir)).filter((name) => name.endsWith('.ts') && name !== 'lab.ts').sort()
