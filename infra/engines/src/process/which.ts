import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { enginesConfig } from '../config.ts'

/** The first executable file of that name on the PATH. */
export async function which(name: string): Promise<string | undefined> {
  for (const dir of enginesConfig()
    .path.split(delimiter)
    .filter((part) => part !== '')) {
    const candidate = join(dir, name)
    try {
      await access(candidate, constants.X_OK)
      // A folder is executable too, in its way.
      if ((await stat(candidate)).isFile()) return candidate
    } catch {
      // Not here: the next folder.
    }
  }
  return undefined
}
