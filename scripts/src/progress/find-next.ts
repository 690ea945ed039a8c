import { listLabs } from '@threshold/lab-kit'
import { findObstacles } from '../doctor/inspect-labs.ts'
import { readProgress } from '../progress.ts'
import { type Next, nextStep } from './next.ts'
import { outcomesOf } from './outcomes.ts'

/** Reads the labs and the progress, and finds the next step. It starts nothing. */
export async function findNext(recorded: boolean): Promise<Next> {
  const [labs, progress] = await Promise.all([listLabs(), readProgress()])
  if (recorded) return nextStep({ labs, progress, recorded })
  // A lab with a verdict is done, and its obstacles no longer matter.
  const left = labs.filter(({ id }) => outcomesOf(id, progress).verdict === undefined)
  const obstacles = await findObstacles(left.map(({ id }) => id))
  return nextStep({ labs, progress, recorded, obstacle: ({ id }) => obstacles.get(id) })
}
