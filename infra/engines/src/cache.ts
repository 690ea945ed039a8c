import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { enginesConfig } from './config.ts'
import { withLock } from './lock.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { sweep } from './run/sweep.ts'

export interface Tool {
  readonly name: string
  readonly version: string
}

/** Its presence, and nothing else, says that a tool is whole. Written last, by rename, after everything else. */
const MARKER = '.threshold-complete.json'

export const cacheDir = (): string => enginesConfig().cacheDir

export const toolDir = (tool: Tool): string => join(cacheDir(), `${tool.name}-${tool.version}`)

export async function isInstalled(tool: Tool): Promise<boolean> {
  try {
    const marker: unknown = JSON.parse(await readFile(join(toolDir(tool), MARKER), 'utf8'))
    return typeof marker === 'object' && marker !== null && 'version' in marker && marker.version === tool.version
  } catch {
    // No folder, no marker, or a marker cut short: not whole, in every case.
    return false
  }
}

/** Says that a tool is whole. `installTool` does it; by hand only for what was put there by other means. */
export async function markInstalled(tool: Tool): Promise<void> {
  const target = join(toolDir(tool), MARKER)
  const draft = `${target}.${process.pid}`
  await writeFile(draft, `${JSON.stringify({ v: 1, name: tool.name, version: tool.version, at: new Date().toISOString() })}\n`)
  await rename(draft, target)
}

/**
 * Installs a tool once per machine and returns its folder.
 *
 * Guarantees: whoever gets the folder gets a whole tool. Two processes never install the same tool at once; the second
 * waits and finds it done. An install that was killed leaves no marker, so that it is thrown away and redone. The folder
 * is filled in place and not moved there when done: a Python environment writes its own absolute path into its scripts.
 */
export async function installTool(
  tool: Tool,
  install: (dir: string, onProgress: OnProgress) => Promise<void>,
  onProgress: OnProgress = noProgress,
): Promise<string> {
  const dir = toolDir(tool)
  if (await isInstalled(tool)) return dir
  await mkdir(cacheDir(), { recursive: true })
  const waiting = (): void => onProgress({ text: `another process is installing ${tool.name} ${tool.version}, waiting for it` })
  return await withLock(`install-${tool.name}-${tool.version}`, { onWait: waiting }, async () => {
    if (await isInstalled(tool)) return dir
    // The installer of a killed process may still be writing into this folder.
    await sweep()
    await rm(dir, { recursive: true, force: true })
    await mkdir(dir, { recursive: true })
    try {
      await install(dir, onProgress)
      await markInstalled(tool)
    } catch (error) {
      await rm(dir, { recursive: true, force: true })
      throw error
    }
    return dir
  })
}
