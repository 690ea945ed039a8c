import { didYouMean } from '../did-you-mean.ts'
import {
  inheritedParts,
  type PartOwners,
  partsOfStage,
  partsReplacedBy,
} from './inherited-parts.ts'
import { MAX_WIRING_LINES } from './limits.ts'
import type { ParsedFile } from './parsed-file.ts'
import {
  isWiring,
  type ParsedStage,
  partOf,
  reachableFiles,
  resolveImport,
} from './parsed-stage.ts'

export interface Problem {
  /** `stage N` or `common`. */
  readonly scope: string
  /** A path relative to the scope's folder, with a line where there is one. */
  readonly location: string
  readonly message: string
}

/** Compares each stage.json with the stage's imports, and enforces the rules for stages. */
export function findProblems(
  stages: readonly ParsedStage[],
  common: ReadonlyMap<string, ParsedFile>,
): Problem[] {
  return [
    ...stages.flatMap((stage) => [
      ...checkOrder(stages, stage),
      ...checkDeclared(stages, stage),
      ...checkWiring(stages, stage),
      ...checkLoaded(stages, stage),
      ...checkFiles(stage),
      ...checkSize(stage),
    ]),
    ...[...common].flatMap(([path, file]) => checkNumbers('common', path, file)),
  ]
}

const problem = (stage: ParsedStage, location: string, message: string): Problem => ({
  scope: `stage ${stage.info.stage}`,
  location,
  message,
})
const inJson = (stage: ParsedStage, message: string): Problem =>
  problem(stage, 'stage.json', message)

function checkOrder(stages: readonly ParsedStage[], stage: ParsedStage): Problem[] {
  const { stage: number, previous, dir } = stage.info
  const before = stages.filter(({ info }) => info.stage < number).at(-1)?.info.stage ?? null
  const folder = Number.parseInt(dir.split(/[\\/]/).at(-1) ?? '', 10)
  const problems: Problem[] = []
  const report = (message: string): void => void problems.push(inJson(stage, message))
  if (previous !== before) report(`previous is ${previous}; the stage before this one is ${before}`)
  if (folder !== number) report(`stage is ${number}, in a folder of stage ${folder}`)
  if (stages.filter(({ info }) => info.stage === number).length > 1)
    report(`there is another stage ${number}`)
  return problems
}

/** The parts in adds, replaces and removes must exist. */
function checkDeclared(stages: readonly ParsedStage[], stage: ParsedStage): Problem[] {
  const { adds, replaces, removes } = stage.info
  const inherited = inheritedParts(stages, stage.info)
  const own = new Set([...stage.files.keys()].flatMap((path) => partOf(path) ?? []))
  const problems: Problem[] = []
  const report = (message: string): void => void problems.push(inJson(stage, message))
  for (const part of [...adds, ...replaces])
    if (!own.has(part)) report(`names ${part}, which is not here${didYouMean(part, [...own])}`)
  for (const part of adds) {
    const owner = inherited.get(part)
    if (owner !== undefined)
      report(`adds ${part}, which stage ${owner} has already: list it in replaces`)
  }
  for (const part of replaces)
    if (partsReplacedBy(part, inherited).length === 0)
      report(`replaces by ${part}, but no earlier stage has a part to replace: list it in adds`)
  for (const part of removes)
    if (!inherited.has(part)) {
      const hint = didYouMean(part, [...inherited.keys()])
      report(`removes ${part}, which it does not inherit${hint}`)
    }
  for (const part of adds)
    if (replaces.includes(part)) report(`lists ${part} in both adds and replaces`)
  return problems
}

/** Each part that the wiring imports must be the one that the stage.json files declare. */
function checkWiring(stages: readonly ParsedStage[], stage: ParsedStage): Problem[] {
  const number = stage.info.stage
  const declared = new Set([...stage.info.adds, ...stage.info.replaces])
  const parts = partsOfStage(stages, stage)
  return [...stage.files]
    .filter(([path]) => isWiring(path))
    .flatMap(([path, file]) =>
      file.imports.flatMap(({ specifier, line, typeOnly }) => {
        const target = resolveImport(stages, { stage: number, path }, specifier)
        if (target === undefined || typeOnly) return []
        const location = `src/${path}:${line}`
        if ('missing' in target)
          return [problem(stage, location, `imports ${specifier}: ${target.missing}`)]
        const part = partOf(target.path)
        if (part === undefined) return []
        if (target.stage !== number)
          return checkInherited(stage, location, { part, owner: target.stage }, parts)
        if (declared.has(part)) return []
        const message = `wires ${part}, which stage.json lists neither in adds nor in replaces`
        return [problem(stage, location, message)]
      }),
    )
}

function checkInherited(
  stage: ParsedStage,
  location: string,
  { part, owner }: { part: string; owner: number },
  parts: PartOwners,
): Problem[] {
  // checkFiles reports imports of later stages.
  if (owner > stage.info.stage || parts.get(part) === owner) return []
  if (stage.info.removes.includes(part))
    return [problem(stage, location, `imports ${part}, which stage.json removes`)]
  const [current] = partsReplacedBy(part, parts)
  const reason =
    current === undefined
      ? 'which no stage.json adds'
      : `which stage ${parts.get(current)} replaced by ${current}`
  return [problem(stage, location, `imports stage ${owner}'s ${part}, ${reason}`)]
}

/** Every part that stage.json declares or inherits must be loaded when the stage runs. */
function checkLoaded(stages: readonly ParsedStage[], stage: ParsedStage): Problem[] {
  const loaded = new Set(
    reachableFiles(stages, stage).flatMap((file) => `${file.stage}:${partOf(file.path)}`),
  )
  return [...partsOfStage(stages, stage)]
    .filter(([part, owner]) => !loaded.has(`${owner}:${part}`))
    .map(([part, owner]) =>
      inJson(
        stage,
        owner === stage.info.stage
          ? `names ${part}, but nothing that runs imports it`
          : `inherits stage ${owner}'s ${part}, but nothing that runs imports it: list it in removes`,
      ),
    )
}

/** No file may import a later stage, extend a class of another, or depend on a stage's number. */
function checkFiles(stage: ParsedStage): Problem[] {
  const number = stage.info.stage
  return [...stage.files].flatMap(([path, file]) => [
    ...(file.syntaxError === undefined
      ? []
      : [problem(stage, `src/${path}`, `does not parse: ${file.syntaxError}`)]),
    ...file.imports
      .filter(({ specifier }) => stageOf(specifier) > number)
      .map(({ specifier, line }) =>
        problem(stage, `src/${path}:${line}`, `imports ${specifier}, of a later stage`),
      ),
    ...file.inherits
      .filter(({ specifier }) => stageOf(specifier) > 0)
      .map(({ specifier, line }) =>
        problem(
          stage,
          `src/${path}:${line}`,
          `inherits from ${specifier}: stages share parts, not base classes`,
        ),
      ),
    ...checkNumbers(`stage ${number}`, `src/${path}`, file),
  ])
}

const checkNumbers = (scope: string, path: string, file: ParsedFile): Problem[] =>
  file.stageNumbers.map((line) => ({
    scope,
    location: `${path}:${line}`,
    message: 'depends on the number of a stage: wire the difference in compose.ts instead',
  }))

const stageOf = (specifier: string): number =>
  Number(/^@threshold\/stage-(\d+)/.exec(specifier)?.[1] ?? 0)

function checkSize(stage: ParsedStage): Problem[] {
  const wiring = [...stage.files].filter(([path]) => isWiring(path))
  const roles = Map.groupBy(wiring, ([path]) => path.split('/').slice(0, -1).join('/'))
  return [...roles].flatMap(([role, files]) => {
    const lines = files.reduce((sum, [, file]) => sum + file.lines, 0)
    const max = role === '' ? MAX_WIRING_LINES.stage : MAX_WIRING_LINES.role
    if (lines <= max) return []
    const names = files.map(([path]) => path.split('/').at(-1)).join(', ')
    const message = `${names} have ${lines} lines together; the limit is ${max}`
    return [problem(stage, role === '' ? 'src' : `src/${role}`, message)]
  })
}
