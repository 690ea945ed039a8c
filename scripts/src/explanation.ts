import type { LabResult } from '@threshold/lab-kit'
import { appendProgress } from './progress.ts'
import { dim, type Terminal } from './terminal.ts'

/**
 * Asks for an explanation once the learner has seen the outcome, and adds it to the progress. An
 * empty line gives none.
 */
export async function explainLab(
  { report }: LabResult,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<void> {
  if (!terminal.interactive || report.verdict === 'could-not-run') return
  terminal.log(dim('\nNow explain it to a colleague who has not seen it. Enter skips this.'))
  const text = (await terminal.ask({ message: 'In one sentence:' }, interrupted)).trim()
  if (text !== '') await appendProgress({ kind: 'explained', lab: report.lab.id, text })
}
