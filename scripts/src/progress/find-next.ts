import { listLabs } from '@threshold/lab-kit'
import { readProgress } from '../progress.ts'
import { type Next, nextStep } from './next.ts'

/** Reads the labs and the progress, and finds the next step. It starts nothing. */
export async function findNext(recorded: boolean): Promise<Next> {
  const [labs, progress] = await Promise.all([listLabs(), readProgress()])
  return nextStep({ labs, progress, recorded })
}
