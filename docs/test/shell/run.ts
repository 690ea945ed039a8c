import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ShellFence } from './fences.ts'

const NOT_COPIED = new Set(['node_modules', '.git', '.nx', '.threshold', '.docusaurus', 'build'])
/** The depth down to which packages may have a node_modules of their own. */
const DEPTH = 4

/**
 * Copies the repository, so that a reader's commands write only into the copy. It shares the
 * installed packages by links.
 */
export async function copyRepository(root: string): Promise<{ root: string } & AsyncDisposable> {
  const copy = await mkdtemp(path.join(tmpdir(), 'threshold-docs-'))
  await cp(root, copy, {
    recursive: true,
    filter: (source) => source === root || !NOT_COPIED.has(path.basename(source)),
  })
  for (const folder of await foldersWithPackages(root, DEPTH))
    await symlink(path.join(root, folder, 'node_modules'), path.join(copy, folder, 'node_modules'))
  return { root: copy, [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }) }
}

async function foldersWithPackages(root: string, depth: number, folder = '.'): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true })
  const own = entries.some((entry) => entry.name === 'node_modules') ? [folder] : []
  if (depth === 0) return own
  const below = entries.filter((entry) => entry.isDirectory() && !NOT_COPIED.has(entry.name))
  return [
    ...own,
    ...(
      await Promise.all(
        below.map((entry) => foldersWithPackages(root, depth - 1, path.join(folder, entry.name))),
      )
    ).flat(),
  ]
}

export interface FenceResult {
  /** Undefined when the shell was killed. */
  readonly code: number | undefined
  /** The last line that was run. */
  readonly line: number
  readonly output: string
}

/**
 * Runs the lines of a fence in one shell, so that variables and `cd` affect later lines, and stops
 * at the first line that fails.
 */
export async function runFence(
  fence: ShellFence,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<FenceResult> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'threshold-line-'))
  const lineFile = path.join(scratch, 'line')
  const wanted = fence.lines.filter((line) => line.reason === undefined)
  const script = [
    'set -eo pipefail',
    ...wanted.flatMap(({ line, text }) => [`echo ${line} > '${lineFile}'`, text]),
  ].join('\n')
  try {
    // The shell gets a process group, so that its children can be killed with it.
    const shell = spawn('bash', ['-c', script], {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [shell.stdout, shell.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()))
    const timer = setTimeout(() => endGroup(shell.pid!), fence.seconds * 1_000)
    const [code] = (await once(shell, 'close')) as [number | null]
    clearTimeout(timer)
    endGroup(shell.pid!)
    return {
      code: code ?? undefined,
      line: Number(await readFile(lineFile, 'utf8')),
      output: output.slice(-4_000),
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group has already ended.
  }
}
