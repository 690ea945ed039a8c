import { hasCode } from '@threshold/kit'
import type { LabInfo } from '@threshold/lab-kit'
import { formatOutcome, type LabOutcome } from './lab-outcome.ts'
import { findLab, playLab, runLab } from './labs.ts'
import type { PredictOptions } from './prediction.ts'
import type { Terminal } from './terminal.ts'

const FIRST_LAB = '1.1'

/** Runs the first lab at size quick, and prints its outcome. */
export async function runFirstLab(
  predict: boolean,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<LabOutcome> {
  const lab = await findLab(FIRST_LAB)
  const outcome = await runLab(lab, { size: 'quick', predict }, terminal, interrupted)
  terminal.print(formatOutcome(outcome))
  return outcome
}

/**
 * Shows the first lab in the best form that this machine allows: a run, or else the recorded run,
 * or else a demonstration. The learner predicts once.
 */
export async function showFirstLab(
  predict: boolean,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<void> {
  const { verdict, report } = await runFirstLab(predict, terminal, interrupted)
  if (verdict !== 'could-not-run') return
  const { answers, reason } = report.prediction
  const prediction = { predict: answers === undefined ? false : { answers, reason } }
  terminal.log('')
  if (await playFirstLab(prediction, terminal, interrupted)) return
  terminal.log('The lab could not run, so a demonstration follows, which gives no verdict.\n')
  const lab = await findLab(FIRST_LAB)
  const demo = await runLab(
    lab,
    { size: 'quick', demo: true, ...prediction },
    terminal,
    interrupted,
  )
  terminal.print(formatOutcome(demo))
}

/** Plays the first lab's recorded run. Returns false if there is none that can be played. */
export async function playFirstLab(
  prediction: PredictOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<boolean> {
  const lab: LabInfo = await findLab(FIRST_LAB)
  try {
    const outcome = await playLab(lab, { ...prediction, show: true }, terminal, interrupted)
    terminal.print(formatOutcome(outcome))
    return true
  } catch (error) {
    if (hasCode(error, 'NO_RECORDING', 'RECORDING_OUTDATED')) return false
    throw error
  }
}
