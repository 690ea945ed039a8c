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
 * The docs site has npm packages of its own, half a gigabyte that no lab needs. They are installed
 * the first time the site is built.
 */
export const DOCS_FOLDER = join(ROOT, 'docs')
const NODE_MODULES = join(DOCS_FOLDER, 'node_modules')

/** Docusaurus' command line. Run it with node in DOCS_FOLDER, after `installDocsPackages`. */
export const DOCUSAURUS = join(NODE_MODULES, '@docusaurus', 'core', 'bin', 'docusaurus.mjs')

/**
 * Installs the site's packages unless they match its lockfile already. They are kept in the cache,
 * where all clones and branches with the same lockfile share them, and `docs/node_modules` is a
 * link to them. A `docs/node_modules` that was installed by hand is used as it is.
 */
export async function installDocsPackages(onProgress: OnProgress): Promise<void> {
  if (await isInstalled()) return
  const dir = await installTool(await docsTool(), fetchPackages, onProgress)
  // Renaming replaces the link atomically, for a second process that does this at the same time.
  const link = join(DOCS_FOLDER, `node_modules.${process.pid}`)
  await symlink(join(dir, 'node_modules'), link)
  if (!(await isLink())) await rm(NODE_MODULES, { recursive: true, force: true })
  await rename(link, NODE_MODULES)
}

async function fetchPackages(dir: string, onProgress: OnProgress): Promise<void> {
  onProgress({ text: 'fetching the packages of the docs site (about 580 MB on disk, once)' })
  for (const file of ['package.json', 'package-lock.json'])
    await copyFile(join(DOCS_FOLDER, file), join(dir, file))
  await npmCi(dir, { title: 'the packages of the docs site', onProgress })
}

/** The lockfile's hash is the version. */
async function docsTool(): Promise<Tool> {
  const lock = await readFile(join(DOCS_FOLDER, 'package-lock.json'))
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

/** Lets `threshold prefetch` fetch the packages for a class without a network. */
export const DOCS_ITEM: PrefetchItem = {
  id: 'docs',
  title: 'the packages of the docs site',
  present: isInstalled,
  fetch: installDocsPackages,
}

interface Lockfile {
  readonly packages: Readonly<
    Record<
      string,
      { readonly version?: string; readonly optional?: boolean; readonly integrity?: string }
    >
  >
}

/** Compares the lockfile with npm's record of the packages that it installed. */
async function isInstalled(): Promise<boolean> {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(readLockfile),
  )
  if (wanted === undefined || installed === undefined) return false
  return Object.entries(wanted.packages).every(([path, { integrity, optional }]) => {
    if (path === '') return true
    const found = installed.packages[path]
    // npm skips packages for other systems, which are marked as optional.
    return found === undefined ? optional === true : found.integrity === integrity
  })
}

async function readLockfile(name: string): Promise<Lockfile | undefined> {
  try {
    return JSON.parse(await readFile(join(DOCS_FOLDER, name), 'utf8')) as Lockfile
  } catch {
    return undefined
  }
}
