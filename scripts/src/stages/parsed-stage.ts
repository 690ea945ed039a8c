import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { listStages, type StageInfo } from '@threshold/engines'
import { exports as resolveExports } from 'resolve.exports'
import { type ParsedFile, parseFile } from './parsed-file.ts'

/** A stage's source files, read and parsed. Paths are relative to its `src`, with slashes. */
export interface ParsedStage {
  readonly info: StageInfo
  readonly files: ReadonlyMap<string, ParsedFile>
  readonly texts: ReadonlyMap<string, string>
  /** Resolves an export of its package.json, such as `./rest`, to a path. */
  resolve(subpath: string): string | undefined
}

/** Each stage copies these three files. Each role of stage 3 and later has three of its own. */
const WIRING = /(^|\/)(main|config|compose)\.ts$/

export const isWiring = (path: string): boolean => WIRING.test(path)

export async function readStages(root: string): Promise<ParsedStage[]> {
  return await Promise.all((await listStages(root)).map(readStage))
}

/** Parses the packages that all stages share, which must not depend on any stage. */
export async function readCommon(root: string): Promise<ReadonlyMap<string, ParsedFile>> {
  const folder = join(root, 'stages', 'common')
  return parseAll(await readAll(folder, '{contract,domain,kit,ports}/src/**/*.ts'))
}

async function readStage(info: StageInfo): Promise<ParsedStage> {
  const src = join(info.dir, 'src')
  const texts = await readAll(src, '**/*.ts')
  const manifest: unknown = JSON.parse(await readFile(join(info.dir, 'package.json'), 'utf8'))
  return {
    info,
    files: parseAll(texts),
    texts,
    resolve(subpath) {
      const [target] = exportTargets(manifest, subpath)
      return target === undefined ? undefined : slashes(relative(src, join(info.dir, target)))
    },
  }
}

async function readAll(folder: string, pattern: string): Promise<Map<string, string>> {
  const names = await Array.fromAsync(glob(pattern, { cwd: folder }))
  const read = async (name: string) =>
    [slashes(name), await readFile(join(folder, name), 'utf8')] as const
  return new Map(await Promise.all(names.toSorted().map(read)))
}

const slashes = (path: string): string => path.split(sep).join('/')

const parseAll = (texts: ReadonlyMap<string, string>): Map<string, ParsedFile> =>
  new Map([...texts].map(([path, text]) => [path, parseFile(path, text)]))

function exportTargets(manifest: unknown, subpath: string): readonly string[] {
  try {
    return resolveExports(manifest, subpath) ?? []
  } catch {
    // The library throws when the package has no such export.
    return []
  }
}

/** A source file of a stage. */
export interface StageFile {
  readonly stage: number
  readonly path: string
}

/** Undefined for a module that belongs to no stage: Node's, npm's and those of stages/common. */
export type ResolvedImport = StageFile | { readonly missing: string } | undefined

export function resolveImport(
  stages: readonly ParsedStage[],
  from: StageFile,
  specifier: string,
): ResolvedImport {
  if (specifier.startsWith('.')) {
    const path = slashes(join(dirname(from.path), specifier))
    return existing(stages, { stage: from.stage, path })
  }
  const [, number, subpath] = /^@threshold\/stage-(\d+)(?:\/(.*))?$/.exec(specifier) ?? []
  if (number === undefined) return undefined
  const stage = stages.find(({ info }) => info.stage === Number(number))
  if (stage === undefined) return { missing: `there is no stage ${number}` }
  const path = stage.resolve(subpath === undefined ? '.' : `./${subpath}`)
  if (path === undefined)
    return { missing: `stage ${number} does not export ${subpath ?? 'itself'}` }
  return existing(stages, { stage: stage.info.stage, path })
}

function existing(stages: readonly ParsedStage[], file: StageFile): ResolvedImport {
  const stage = stages.find(({ info }) => info.stage === file.stage)
  if (stage?.files.has(file.path)) return file
  // An import may also load a file of another kind, such as a page or a template.
  return stage !== undefined && existsSync(join(stage.info.dir, 'src', file.path))
    ? file
    : { missing: `there is no ${file.path}` }
}

/**
 * The part that a file belongs to. A part is the unit that stages exchange: an adapter's file, such
 * as `adapters/message-store.mongodb.ts`, or a folder, such as `rest`. Wiring belongs to no part.
 */
export function partOf(path: string): string | undefined {
  if (isWiring(path)) return undefined
  const [first = path, second] = path.split('/')
  return first === 'adapters' && second !== undefined ? `adapters/${second}` : first
}

/** Two adapters of one port replace each other, and so do two folders of one name. */
export const portOf = (part: string): string => /^adapters\/([^.]+)/.exec(part)?.[1] ?? part

/** Every file that is loaded when a stage runs, including those of earlier stages. */
export function reachableFiles(stages: readonly ParsedStage[], stage: ParsedStage): StageFile[] {
  const found = new Map<string, StageFile>()
  const queue: StageFile[] = [...stage.files.keys()]
    .filter(isWiring)
    .map((path) => ({ stage: stage.info.stage, path }))
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    const key = `${file.stage}:${file.path}`
    if (found.has(key)) continue
    found.set(key, file)
    const owner = stages.find(({ info }) => info.stage === file?.stage)
    for (const { specifier, typeOnly } of owner?.files.get(file.path)?.imports ?? []) {
      const target = typeOnly ? undefined : resolveImport(stages, file, specifier)
      if (target !== undefined && 'path' in target) queue.push(target)
    }
  }
  return [...found.values()]
}
