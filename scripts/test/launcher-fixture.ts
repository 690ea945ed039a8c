import { execFileSync, spawnSync } from 'node:child_process'
import { chmod, cp, link, rm } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { expect } from 'vitest'
import {
  type CommandOptions,
  type Finished,
  type Folder,
  temporaryFolder,
  threshold,
} from './cli.ts'
import { createRepository } from './launcher-repository.ts'

/** A user without privileges, because root may write everywhere. */
export const UNPRIVILEGED = 65_534
export const isRoot = process.getuid?.() === 0
export const hasNamespaces = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0

export interface LauncherFixture extends AsyncDisposable {
  readonly repository: Folder
  /** A copy of the repository without its dependencies. */
  freshRepository(owner?: number): Promise<Folder>
  /** The options that run the launcher of a repository, on a Node that every user may run. */
  optionsFor(repository: Folder, options?: CommandOptions): CommandOptions
  launch(repository: Folder, options?: CommandOptions): Promise<Finished>
}

export async function launcherFixture(): Promise<LauncherFixture> {
  await using opened = new AsyncDisposableStack()
  const repository = opened.use(await createRepository())
  // A folder of this user's is private by default.
  const bin = opened.use(await temporaryFolder())
  await chmod(bin.path, 0o755)
  const nodePath = join(bin.path, 'node')
  await link(process.execPath, nodePath).catch(() => cp(process.execPath, nodePath))

  const optionsFor = (at: Folder, options: CommandOptions = {}): CommandOptions => ({
    node: nodePath,
    launcher: join(at.path, 'scripts', 'threshold.mjs'),
    cwd: at.path,
    ...options,
    env: {
      PATH: [dirname(nodePath), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
      npm_execpath: '',
      ...options.env,
    },
  })
  const resources = opened.move()
  return {
    repository,
    optionsFor,
    launch: (at, options) => threshold(['print'], optionsFor(at, options)),
    async freshRepository(owner) {
      const fresh = await temporaryFolder()
      await cp(repository.path, fresh.path, { recursive: true })
      await rm(join(fresh.path, 'node_modules'), { recursive: true, force: true })
      if (owner !== undefined) execFileSync('chown', ['-R', String(owner), fresh.path])
      return fresh
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  }
}

/** Expects a code, what happened and why, a next step, and no stack. */
export function expectFailure({ code, stdout, stderr }: Finished, message: RegExp): void {
  expect(stderr).toMatch(message)
  expect(stderr).toMatch(/^ {2}→ \S/m)
  expect(stderr).not.toMatch(/^\s+at /m)
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
}

/** A program that runs a script in mount namespaces of its own, and then its arguments. */
export const inMounts = (script: string): string[] => [
  'unshare',
  '--mount',
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
]
