import { execFile } from 'node:child_process'
import { cp, mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type Folder, LAUNCHER, ROOT, temporaryFolder } from './cli.ts'

const run = promisify(execFile)

/** The oldest Node that the launcher promises to work on. */
export const OLDEST_NODE = '20.20.2'

/**
 * Fetches a Node into a folder and returns its path. npm's `node` package needs an install script,
 * which npm 12 does not run, so this uses the package with the binary.
 */
export async function fetchOldNode(folder: Folder, version = OLDEST_NODE): Promise<string> {
  const name = `node-${process.platform}-${process.arch}`
  return join(await fetchPackage(folder, name, version), 'bin', 'node')
}

/** Fetches an npm into a folder and returns the path of its program, as in `npm_execpath`. */
export const fetchNpm = async (folder: Folder, version: string): Promise<string> =>
  join(await fetchPackage(folder, 'npm', version), 'bin', 'npm-cli.js')

async function fetchPackage(folder: Folder, name: string, version: string): Promise<string> {
  await run('npm', [
    'install',
    '--prefix',
    folder.path,
    '--no-audit',
    '--no-fund',
    '--no-save',
    `${name}@${version}`,
  ])
  return join(folder.path, 'node_modules', name)
}

/**
 * A small repository for the launcher: the launcher's own files, a lockfile, one dependency that
 * needs no network, and a command to run.
 */
export async function createRepository(): Promise<Folder> {
  const repository = await temporaryFolder()
  await write(repository, { 'scripts/cli.ts': COMMAND })
  await cp(join(ROOT, '.node-version'), join(repository.path, '.node-version'))
  await copyLauncher(repository)
  await setDependency(repository, '1.0.0')
  return repository
}

export async function copyLauncher(repository: Folder): Promise<void> {
  const scripts = join(repository.path, 'scripts')
  await cp(LAUNCHER, join(scripts, 'threshold.mjs'))
  await cp(join(dirname(LAUNCHER), 'launcher'), join(scripts, 'launcher'), { recursive: true })
}

const COMMAND = `import { dep } from 'dep'
const [how = 'print']: string[] = process.argv.slice(2)
if (how === 'print') console.log(JSON.stringify({ node: process.versions.node, dep, args: process.argv.slice(2) }))
else if (how === 'fail') process.exit(7)
else {
  process.on('SIGINT', () => process.exit(3))
  process.on('SIGTERM', () => process.exit(4))
  process.on('SIGHUP', () => process.exit(6))
  process.on('SIGQUIT', () => process.exit(8))
  process.on('disconnect', () => process.exit(5))
  setInterval(() => {}, 1_000)
  console.log('waiting', process.pid)
}
`

async function write(repository: Folder, files: Record<string, string | object>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(repository.path, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  }
}

/** Packs the one dependency in this version, and writes the lockfile that names it. */
export async function setDependency(repository: Folder, version: string): Promise<void> {
  const devDependencies = { dep: 'file:dep.tgz' }
  const root = { name: 'repository', version: '1.0.0', type: 'module', devDependencies }
  await write(repository, {
    'dep/package.json': { name: 'dep', version, type: 'module', main: 'index.js' },
    'dep/index.js': `export const dep = ${JSON.stringify(version)}\n`,
    'package.json': root,
    'package-lock.json': {
      ...root,
      lockfileVersion: 3,
      requires: true,
      packages: { '': root, 'node_modules/dep': { version, resolved: 'file:dep.tgz', dev: true } },
    },
  })
  await run('npm', ['pack', '--silent', './dep'], { cwd: repository.path })
  await rename(join(repository.path, `dep-${version}.tgz`), join(repository.path, 'dep.tgz'))
}
