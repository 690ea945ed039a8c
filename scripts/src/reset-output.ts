import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@threshold/kit'
import { PROGRESS_FILE } from './progress.ts'

/** Reports with the learner's predictions, and the progress, which no command can produce again. */
const KEPT = ['evidence', 'recorded', PROGRESS_FILE]

/** The content of the output folder, except what is kept. */
export const listOutput = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => []))
    .filter((name) => !KEPT.includes(name))
    .map((name) => join(folder, name))

export async function removeOutput(
  paths: readonly string[],
): Promise<{ removed: string[]; problems: string[] }> {
  const removed: string[] = []
  const problems: string[] = []
  for (const path of paths) {
    try {
      await rm(path, { recursive: true, force: true, maxRetries: 5 })
      removed.push(path)
    } catch (error) {
      problems.push(`${path}: ${messageOf(error)}`)
    }
  }
  return { removed, problems }
}
