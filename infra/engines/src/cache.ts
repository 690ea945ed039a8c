import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { CodedError, messageOf } from '@threshold/kit'
import { ExecaError } from 'execa'
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
import { runProbe } from './process/probe.ts'
import { noProgress, type OnProgress } from './progress.ts'
import { sweep } from './registry/sweep.ts'

export interface Tool {
  readonly name: string
  readonly version: string
  /** The peak disk space of its installation, in MB. */
  readonly installMb?: number
  /** A command in its folder that succeeds where the tool can run. */
  readonly check?: readonly string[]
}

const CHECK_TIMEOUT_MS = 20_000

/** Only this file marks a tool as complete. It is written last, by rename. */
const MARKER = '.threshold-complete.json'

export const cacheDir = (): string => enginesConfig().cacheDir

export const toolDir = (tool: Tool): string => join(cacheDir(), `${tool.name}-${tool.version}`)

/** Whether the tool is complete and runs here. */
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
    // No folder, no marker or a truncated one: the tool is not complete.
    return false
  }
}

/** A check takes up to a fifth of a second, so each process checks a tool once. */
const passed = new Set<string>()

/**
 * A complete tool may no longer run: an upgrade of the system replaced its Python or a library.
 * Only a failed or missing program counts. A check that times out on a busy machine is no reason to
 * install again.
 */
async function passesCheck(tool: Tool): Promise<boolean> {
  const dir = toolDir(tool)
  const [program, ...args] = tool.check ?? []
  if (program === undefined || passed.has(dir)) return true
  try {
    const env = pythonEnvironment()
    await runProbe(resolve(dir, program), args, { cwd: dir, env, timeoutMs: CHECK_TIMEOUT_MS })
    passed.add(dir)
    return true
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error
    const missing = ['ENOENT', 'EACCES', 'ENOEXEC'].includes(error.code ?? '')
    return !missing && error.exitCode === undefined
  }
}

/** Whether the cache has space for the tool's installation, if missing, and for `runMb` of data. */
export async function checkToolSpace(tool: Tool, runMb: number): Promise<Availability> {
  const needMb = (await isInstalled(tool)) ? runMb : (tool.installMb ?? 0) + runMb
  return await checkSpace(`${tool.name} ${tool.version}`, needMb)
}

/** Whether the cache is usable and its disk has `needMb` of free space. */
export async function checkSpace(title: string, needMb: number): Promise<Availability> {
  const why = await cacheProblem()
  if (why !== undefined) return unusable(why, CACHE_NEXT)
  const full = await diskProblem(cacheDir(), needMb, title)
  return full === undefined ? usable : unusable(full, DISK_NEXT)
}

/** Marks a tool as complete. `installTool` does so; call it only after another way to install. */
export async function markInstalled(tool: Tool): Promise<void> {
  const target = join(toolDir(tool), MARKER)
  const draft = `${target}.${process.pid}`
  const { name, version } = tool
  const marker = { v: 1, name, version, at: new Date().toISOString() }
  await writeFile(draft, `${JSON.stringify(marker)}\n`)
  await rename(draft, target)
}

/**
 * Installs a tool once per machine and returns its folder.
 *
 * The returned folder always holds a complete tool. Two processes never install the same tool at
 * once: the second waits and finds it installed. An install that was killed leaves no marker and is
 * redone from scratch. The folder is filled in place, not moved there, because a virtual
 * environment writes its absolute path into its scripts.
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
    // The installer of a killed process may still be writing to this folder.
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
    `${tool.name} ${tool.version} was installed but does not run: ${tool.check?.join(' ')} fails`,
    { next: 'npx threshold doctor' },
  )
