import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { listStages, type StageInfo } from '@threshold/engines'
import { exports as resolveExports } from 'resolve.exports'
import { parseSource, type Source } from './source.ts'

/** A stage's files, read and parsed. Paths are relative to its `src`, with slashes. */
export interface StageTree {
  readonly info: StageInfo
  readonly sources: ReadonlyMap<string, Source>
  readonly texts: ReadonlyMap<string, string>
  /** What its package.json lets others import: from `./rest` to a path. */
  resolve(subpath: string): string | undefined
}

/**
 * The three files that each stage copies: the architecture at a glance. From stage 3 on, each role
 * has its own.
 */
const WIRING = /(^|\/)(main|config|compose)\.ts$/

export const isWiring = (path: string): boolean => WIRING.test(path)

export async function readStages(root: string): Promise<StageTree[]> {
  return await Promise.all((await listStages(root)).map(readStage))
}

/**
 * What all stages share, and what may therefore know none of them. The conformance suite may: it
 * says what each gives up.
 */
export async function readCommon(root: string): Promise<ReadonlyMap<string, Source>> {
  return parseAll(
    await readAll(join(root, 'stages', 'common'), '{contract,domain,kit,ports}/src/**/*.ts'),
  )
}

async function readStage(info: StageInfo): Promise<StageTree> {
  const src = join(info.dir, 'src')
  const texts = await readAll(src, '**/*.ts')
  const manifest: unknown = JSON.parse(await readFile(join(info.dir, 'package.json'), 'utf8'))
  return {
    info,
    sources: parseAll(texts),
    texts,
    resolve(subpath) {
      const [target] = exported(manifest, subpath)
      return target === undefined
        ? undefined
        : relative(src, join(info.dir, target)).split(sep).join('/')
    },
  }
}

async function readAll(folder: string, pattern: string): Promise<Map<string, string>> {
  const names = await Array.fromAsync(glob(pattern, { cwd: folder }))
  return new Map(
    await Promise.all(
      names
        .toSorted()
        .map(
          async (name) =>
            [name.split(sep).join('/'), await readFile(join(folder, name), 'utf8')] as const,
        ),
    ),
  )
}

const parseAll = (texts: ReadonlyMap<string, string>): Map<string, Source> =>
  new Map([...texts].map(([path, text]) => [path, parseSource(path, text)]))

function exported(manifest: unknown, subpath: string): readonly string[] {
  try {
    return resolveExports(manifest, subpath) ?? []
  } catch {
    // Its way of saying that the package exports no such thing.
    return []
  }
}

/** Where an import leads, when it leads to a file of a stage. */
export interface Target {
  readonly stage: number
  readonly path: string
}

export type Followed = Target | { readonly missing: string } | undefined

/** Undefined for what belongs to no stage: Node, npm, common. */
export function follow(stages: readonly StageTree[], from: Target, specifier: string): Followed {
  if (specifier.startsWith('.'))
    return inside(stages, {
      stage: from.stage,
      path: join(dirname(from.path), specifier).split(sep).join('/'),
    })
  const [, number, subpath] = /^@threshold\/stage-(\d+)(?:\/(.*))?$/.exec(specifier) ?? []
  if (number === undefined) return undefined
  const stage = stages.find(({ info }) => info.stage === Number(number))
  if (stage === undefined) return { missing: `there is no stage ${number}` }
  const path = stage.resolve(subpath === undefined ? '.' : `./${subpath}`)
  if (path === undefined)
    return { missing: `stage ${number} does not export ${subpath ?? 'itself'}` }
  return inside(stages, { stage: stage.info.stage, path })
}

function inside(stages: readonly StageTree[], target: Target): Followed {
  const stage = stages.find(({ info }) => info.stage === target.stage)
  if (stage?.sources.has(target.path)) return target
  // A page or a template beside the sources is a file like any other, if it is there.
  return stage !== undefined && existsSync(join(stage.info.dir, 'src', target.path))
    ? target
    : { missing: `there is no ${target.path}` }
}

/**
 * A part is what stages exchange: an adapter's file, or a folder. Wiring is no part; it is what
 * parts are plugged into. So `adapters/message-store.mongodb.ts`, and `rest` for whatever lies
 * under it.
 */
export function partOf(path: string): string | undefined {
  if (isWiring(path)) return undefined
  const [first = path, second] = path.split('/')
  return first === 'adapters' && second !== undefined ? `adapters/${second}` : first
}

/**
 * What a part stands in for: two adapters of one port, or two folders of one name, replace each
 * other.
 */
export const portOf = (part: string): string => /^adapters\/([^.]+)/.exec(part)?.[1] ?? part

/** Every file that is loaded when a stage runs, its own and those of earlier stages. */
export function reachable(stages: readonly StageTree[], stage: StageTree): Target[] {
  const found = new Map<string, Target>()
  const queue: Target[] = [...stage.sources.keys()]
    .filter(isWiring)
    .map((path) => ({ stage: stage.info.stage, path }))
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const key = `${next.stage}:${next.path}`
    if (found.has(key)) continue
    found.set(key, next)
    const owner = stages.find(({ info }) => info.stage === next.stage)
    for (const { specifier, typeOnly } of owner?.sources.get(next.path)?.imports ?? []) {
      const target = typeOnly ? undefined : follow(stages, next, specifier)
      if (target !== undefined && 'path' in target) queue.push(target)
    }
  }
  return [...found.values()]
}
