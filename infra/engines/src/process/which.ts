import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { enginesConfig } from '../config.ts'

/**
 * The first executable file of that name on the PATH. node-which would also look in the working
 * directory, for an empty element of the PATH, and take a file on a disk mounted `noexec`.
 */
export async function which(name: string): Promise<string | undefined> {
  const folders = enginesConfig()
    .path.split(delimiter)
    .filter((folder) => folder !== '')
  for (const folder of folders) {
    const candidate = join(folder, name)
    try {
      await access(candidate, constants.X_OK)
      // A folder also has an executable bit.
      if ((await stat(candidate)).isFile()) return candidate
    } catch {
      // It is not here: try the next folder.
    }
  }
  return undefined
}
