import { createHash } from 'node:crypto'
import { readFile, realpath } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseSync } from 'oxc-parser'

export interface EffectiveTree {
  readonly hash: string
  /** Paths relative to the repository, sorted. */
  readonly files: readonly string[]
}

/**
 * Hashes the code that a stage consists of: main.ts with its direct and indirect imports,
 * stage.json, and the lockfile, which stands for all third-party packages. Two runs with equal
 * hashes ran the same code, even if one was uncommitted.
 */
export async function effectiveTree(repository: string, stageDir: string): Promise<EffectiveTree> {
  const root = await realpath(repository)
  const contents = new Map<string, Buffer>()
  const waiting = [join(await realpath(stageDir), 'src', 'main.ts')]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (contents.has(file)) continue
    const source = await readFile(file)
    contents.set(file, source)
    if (!/\.(ts|js|mjs)$/.test(file)) continue
    for (const specifier of importsOf(file, source.toString())) {
      const target = await resolveInRepository(root, file, specifier)
      if (target !== undefined && !contents.has(target)) waiting.push(target)
    }
  }
  for (const extra of [join(stageDir, 'stage.json'), join(root, 'package-lock.json')])
    contents.set(await realpath(extra), await readFile(extra))

  const files = [...contents].map(([file, content]) => ({
    path: relative(root, file).split(sep).join('/'),
    content,
  }))
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
  const hash = createHash('sha256')
  for (const { path, content } of files)
    hash.update(`${path}\n${createHash('sha256').update(content).digest('hex')}\n`)
  return { hash: hash.digest('hex'), files: files.map(({ path }) => path) }
}

/** Returns all import specifiers of a module, type imports included. */
export function importsOf(file: string, source: string): string[] {
  const { module } = parseSync(file, source)
  const exported = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
  )
  const dynamic = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const text = source.slice(moduleRequest.start, moduleRequest.end)
    return /^(['"`])[^'"`$]+\1$/.test(text) ? [text.slice(1, -1)] : []
  })
  return [
    ...new Set([
      ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
      ...exported,
      ...dynamic,
    ]),
  ]
}

/** Resolves a specifier to a file of this repository, or to undefined for any other package. */
async function resolveInRepository(
  root: string,
  from: string,
  specifier: string,
): Promise<string | undefined> {
  if (specifier.startsWith('node:')) return undefined
  if (specifier.startsWith('.')) return await realpath(resolve(dirname(from), specifier))
  let found: string
  try {
    found = createRequire(pathToFileURL(from)).resolve(specifier)
  } catch {
    // Only ESM can resolve it. Packages of this repository name plain files in `exports`, so this
    // one is third-party.
    return undefined
  }
  const real = await realpath(found).catch(() => undefined)
  return real?.startsWith(root + sep) && !real.includes(`${sep}node_modules${sep}`)
    ? real
    : undefined
}
