import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { ShellFence } from './fences.ts'

const LEFT_OUT = new Set(['node_modules', '.git', '.nx', '.threshold', '.docusaurus', 'build'])
/** Where packages have a node_modules of their own. */
const DEPTH = 4

/**
 * A copy of the tree to run a reader's commands in: what they write, they write there. The
 * installed packages are shared.
 */
export async function copyTree(root: string): Promise<{ root: string } & AsyncDisposable> {
  const copy = await mkdtemp(path.join(tmpdir(), 'threshold-docs-'))
  await cp(root, copy, {
    recursive: true,
    filter: (source) => source === root || !LEFT_OUT.has(path.basename(source)),
  })
  for (const folder of await foldersWithPackages(root, DEPTH))
    await symlink(path.join(root, folder, 'node_modules'), path.join(copy, folder, 'node_modules'))
  return { root: copy, [Symbol.asyncDispose]: () => rm(copy, { recursive: true, force: true }) }
}

async function foldersWithPackages(root: string, depth: number, folder = '.'): Promise<string[]> {
  const entries = await readdir(path.join(root, folder), { withFileTypes: true })
  const own = entries.some((entry) => entry.name === 'node_modules') ? [folder] : []
  if (depth === 0) return own
  const below = entries.filter((entry) => entry.isDirectory() && !LEFT_OUT.has(entry.name))
  return [
    ...own,
    ...(
      await Promise.all(
        below.map((entry) => foldersWithPackages(root, depth - 1, path.join(folder, entry.name))),
      )
    ).flat(),
  ]
}

export interface Outcome {
  readonly code: number | undefined
  /** The line that ran last. */
  readonly at: number
  readonly output: string
}

/**
 * Runs the lines of a fence in one shell, so that a variable or a `cd` carries over, and stops at
 * the first that fails.
 */
export async function runFence(
  fence: ShellFence,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Outcome> {
  const scratch = await mkdtemp(path.join(tmpdir(), 'threshold-line-'))
  const mark = path.join(scratch, 'at')
  const wanted = fence.lines.filter((line) => line.reason === undefined)
  const script = [
    'set -eo pipefail',
    ...wanted.flatMap(({ at, text }) => [`echo ${at} > '${mark}'`, text]),
  ].join('\n')
  try {
    // A group of its own: what a line starts ends with it, also when it is cut off for its time.
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
      at: Number(await readFile(mark, 'utf8')),
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
    // Nobody is left of the group.
  }
}
