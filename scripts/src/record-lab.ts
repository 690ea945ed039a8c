import { relative } from 'node:path'
import type { LabInfo } from '@threshold/lab-kit'
import { evidenceFolder, ROOT } from './context.ts'
import { unlessInterrupted } from './interruption.ts'
import { loadLabKit } from './lab-kit.ts'
import { bold, type Terminal } from './terminal.ts'

/**
 * Runs a lab at size quick and keeps the report as its recording. It asks for no prediction and
 * adds nothing to the progress, because the run is made for others.
 *
 * @returns a line about the recording, and the command that updates the lab's page
 * @throws CodedError `NOT_RECORDABLE`, with the reason
 */
export async function recordLab(
  { id, title, minutes }: LabInfo,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<string> {
  const kit = await loadLabKit()
  terminal.log(bold(`Lab ${id}, ${title} (quick, about ${minutes.quick} min)`))
  using progress = terminal.progress(`recording lab ${id}`)
  const options = {
    size: 'quick',
    evidenceDir: evidenceFolder(),
    onProgress: progress.step,
  } as const
  const { report } = await unlessInterrupted(interrupted, kit.runLab(id, options))
  const { file, bytes } = await kit.saveRecording(await kit.findLab(id), report)
  return `lab ${id}: recorded in ${relative(ROOT, file)}, ${Math.ceil(bytes / 1_000)} KB\n  → node scripts/lab-pages.ts`
}
