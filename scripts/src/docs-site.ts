import { createHash } from 'node:crypto'
import { copyFile, lstat, readFile, rename, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import {
  installTool,
  npmCi,
  type OnProgress,
  type PrefetchItem,
  type Tool,
} from '@threshold/engines'
import { ROOT } from './context.ts'

/**
 * The site has packages of its own, half a gigabyte that nobody needs who only runs a lab: they
 * come when the site is asked for.
 */
export const DOCS = join(ROOT, 'docs')
const NODE_MODULES = join(DOCS, 'node_modules')

/** Docusaurus' command line, to be run by node in DOCS once `installDocs` has resolved. */
export const DOCUSAURUS = join(NODE_MODULES, '@docusaurus', 'core', 'bin', 'docusaurus.mjs')

/**
 * Brings the site's packages in step with its lock file. They lie in the cache, for every clone on
 * this machine and every branch that has the same lock file, and `docs/node_modules` points there;
 * one that somebody installed by hand serves as well.
 */
export async function installDocs(onProgress: OnProgress): Promise<void> {
  if (await isInStep()) return
  const dir = await installTool(await packages(), fetchPackages, onProgress)
  // By rename, so that of two who do this at once neither finds a moment without it.
  const link = join(DOCS, `node_modules.${process.pid}`)
  await symlink(join(dir, 'node_modules'), link)
  if (!(await isLink())) await rm(NODE_MODULES, { recursive: true, force: true })
  await rename(link, NODE_MODULES)
}

async function fetchPackages(dir: string, onProgress: OnProgress): Promise<void> {
  onProgress({ text: 'fetching the packages of the docs site (about 580 MB on disk, once)' })
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(DOCS, file), join(dir, file))
  await npmCi(dir, 'the packages of the docs site')
}

/** Named by its lock file. */
async function packages(): Promise<Tool> {
  const lock = await readFile(join(DOCS, 'package-lock.json'))
  return {
    name: 'docs-packages',
    version: createHash('sha256').update(lock).digest('hex').slice(0, 12),
    installMb: 800,
  }
}

const isLink = (): Promise<boolean> =>
  lstat(NODE_MODULES).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )

/** For a class that will read the site without a network. */
export const DOCS_ITEM: PrefetchItem = {
  id: 'docs',
  title: 'the packages of the docs site',
  present: isInStep,
  fetch: installDocs,
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly optional?: boolean; readonly integrity?: string }
    >
  >
}

/**
 * What npm has written down of what it installed, against what it should have: another version of
 * one package is out of step.
 */
async function isInStep(): Promise<boolean> {
  const [wanted, there] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(readLock),
  )
  if (wanted === undefined || there === undefined) return false
  return Object.entries(wanted.packages).every(([path, { integrity, optional }]) => {
    if (path === '') return true
    const found = there.packages[path]
    // A package for another system is left out by npm, and is optional.
    return found === undefined ? optional === true : found.integrity === integrity
  })
}

async function readLock(name: string): Promise<Lock | undefined> {
  try {
    return JSON.parse(await readFile(join(DOCS, name), 'utf8')) as Lock
  } catch {
    return undefined
  }
}
