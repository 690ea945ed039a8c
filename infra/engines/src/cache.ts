import { execFile } from 'node:child_process'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { CodedError, messageOf } from '@threshold/kit'
import { enginesConfig, pythonEnvironment } from './config.ts'
import { type Availability, unusable, usable } from './engine.ts'
import {
  CACHE_NEXT,
  cacheProblem,
  DISK_NEXT,
  diskProblem,
  looksFull,
  requireCache,
  requireDisk,
} from './folder.ts'
import { withLock } from './lock.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { sweep } from './registry/sweep.ts'

export interface Tool {
  readonly name: string
  readonly version: string
  /** How much disk its install takes at the most, on the way too. */
  readonly installMb?: number
  /** A program in its folder, with arguments, that ends well where the tool can run. */
  readonly check?: readonly string[]
}

const run = promisify(execFile)
const CHECK_MS = 20_000

/**
 * Its presence, and nothing else, says that a tool is whole. Written last, by rename, after
 * everything else.
 */
const MARKER = '.threshold-complete.json'

export const cacheDir = (): string => enginesConfig().cacheDir

export const toolDir = (tool: Tool): string => join(cacheDir(), `${tool.name}-${tool.version}`)

/** It is whole, and it runs here. */
export async function isInstalled(tool: Tool): Promise<boolean> {
  return (await hasMarker(tool)) && (await passesCheck(tool))
}

async function hasMarker(tool: Tool): Promise<boolean> {
  try {
    const marker: unknown = JSON.parse(await readFile(join(toolDir(tool), MARKER), 'utf8'))
    return (
      typeof marker === 'object' &&
      marker !== null &&
      'version' in marker &&
      marker.version === tool.version
    )
  } catch {
    // No folder, no marker, or a marker cut short: not whole, in every case.
    return false
  }
}

/** A fifth of a second for a Python environment, so a tool that runs is asked once in a process. */
const passed = new Set<string>()

/**
 * A tool may be whole and run no more: its Python was upgraded, a library went with an upgrade of
 * the system. Only an end with a failure counts, and a program that is gone. A machine that is too
 * busy to answer is no reason to install again.
 */
async function passesCheck(tool: Tool): Promise<boolean> {
  const dir = toolDir(tool)
  const [program, ...args] = tool.check ?? []
  if (program === undefined || passed.has(dir)) return true
  try {
    await run(resolve(dir, program), args, {
      cwd: dir,
      env: pythonEnvironment(),
      timeout: CHECK_MS,
      killSignal: 'SIGKILL',
    })
    passed.add(dir)
    return true
  } catch (error) {
    const gone = hasErrno(error) && ['ENOENT', 'EACCES', 'ENOEXEC'].includes(String(error.code))
    const failed = hasErrno(error) && typeof error.code === 'number'
    return !gone && !failed
  }
}

const hasErrno = (error: unknown): error is { code: unknown } =>
  typeof error === 'object' && error !== null && 'code' in error

/**
 * Whether the cache has room for a tool, if it is not installed yet, and for `runMb` that it writes
 * while it runs.
 */
export async function checkToolSpace(tool: Tool, runMb: number): Promise<Availability> {
  const needMb = (await isInstalled(tool)) ? runMb : (tool.installMb ?? 0) + runMb
  return await checkSpace(`${tool.name} ${tool.version}`, needMb)
}

/** Whether there is a cache, and room on its disk. */
export async function checkSpace(what: string, needMb: number): Promise<Availability> {
  const why = await cacheProblem()
  if (why !== undefined) return unusable(why, CACHE_NEXT)
  const full = await diskProblem(cacheDir(), needMb, what)
  return full === undefined ? usable : unusable(full, DISK_NEXT)
}

/**
 * Says that a tool is whole. `installTool` does it; by hand only for what was put there by other
 * means.
 */
export async function markInstalled(tool: Tool): Promise<void> {
  const target = join(toolDir(tool), MARKER)
  const draft = `${target}.${process.pid}`
  await writeFile(
    draft,
    `${JSON.stringify({ v: 1, name: tool.name, version: tool.version, at: new Date().toISOString() })}\n`,
  )
  await rename(draft, target)
}

/**
 * Installs a tool once per machine and returns its folder.
 *
 * Guarantees: whoever gets the folder gets a whole tool. Two processes never install the same tool
 * at once; the second waits and finds it done. An install that was killed leaves no marker, so that
 * it is thrown away and redone. The folder is filled in place and not moved there when done: a
 * Python environment writes its own absolute path into its scripts.
 */
export async function installTool(
  tool: Tool,
  install: (dir: string, onProgress: OnProgress) => Promise<void>,
  onProgress: OnProgress = noProgress,
): Promise<string> {
  const dir = toolDir(tool)
  if (await isInstalled(tool)) return dir
  await requireCache()
  const waiting = (): void =>
    onProgress({
      text: `another process is installing ${tool.name} ${tool.version}, waiting for it`,
    })
  return await withLock(`install-${tool.name}-${tool.version}`, { onWait: waiting }, async () => {
    if (await isInstalled(tool)) return dir
    // The installer of a killed process may still be writing into this folder.
    await sweep()
    await rm(dir, { recursive: true, force: true })
    await requireDisk(cacheDir(), tool.installMb ?? 0, `installing ${tool.name} ${tool.version}`)
    await mkdir(dir, { recursive: true })
    try {
      await install(dir, onProgress)
      await markInstalled(tool)
      if (!(await isInstalled(tool))) throw checkFailed(tool)
    } catch (error) {
      await rm(dir, { recursive: true, force: true })
      if (!looksFull(error)) throw error
      throw new CodedError('DISK_FULL', `the disk of ${cacheDir()} is full: ${messageOf(error)}`, {
        cause: error,
        next: DISK_NEXT,
      })
    }
    return dir
  })
}

const checkFailed = (tool: Tool): CodedError =>
  new CodedError(
    'TOOL_DOES_NOT_RUN',
    `${tool.name} ${tool.version} was installed, and does not start: ${tool.check?.join(' ')}`,
    {
      next: 'npx threshold doctor',
    },
  )
