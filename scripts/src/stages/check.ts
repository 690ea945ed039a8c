import { nearest } from '../nearest.ts'
import { inheritedBy, type Parts, partsOf, replacedBy } from './heritage.ts'
import type { Source } from './source.ts'
import { follow, isWiring, partOf, reachable, type StageTree } from './tree.ts'

/** One thing that a stage says of itself, or does, and should not. */
export interface Problem {
  readonly room: string
  /** Relative to it, with a line where there is one. */
  readonly where: string
  readonly what: string
}

/**
 * What is copied into a stage must stay readable at a glance; where roles are processes of their
 * own, each has its own.
 */
const WIRING_LINES = { stage: 210, role: 75 } as const

/**
 * Compares each stage.json with what the stage really imports, and looks for what no stage may do.
 */
export function findProblems(
  stages: readonly StageTree[],
  common: ReadonlyMap<string, Source>,
): Problem[] {
  const each = stages.flatMap((stage) => [
    ...checkOrder(stages, stage),
    ...checkDeclared(stages, stage),
    ...checkWiring(stages, stage),
    ...checkHeritage(stages, stage),
    ...checkSources(stage),
    ...checkSize(stage),
  ])
  return [...each, ...[...common].flatMap(([path, source]) => checkNumbers('common', path, source))]
}

const problem = (stage: StageTree, where: string, what: string): Problem => ({
  room: `stage ${stage.info.stage}`,
  where,
  what,
})
const inJson = (stage: StageTree, what: string): Problem => problem(stage, 'stage.json', what)

function checkOrder(stages: readonly StageTree[], stage: StageTree): Problem[] {
  const { stage: number, previous, dir } = stage.info
  const before = stages.filter(({ info }) => info.stage < number).at(-1)?.info.stage ?? null
  const folder = Number.parseInt(dir.split(/[\\/]/).at(-1) ?? '', 10)
  return [
    ...(previous === before
      ? []
      : [inJson(stage, `previous is ${previous}; the stage before this one is ${before}`)]),
    ...(folder === number
      ? []
      : [inJson(stage, `stage is ${number}, in a folder of stage ${folder}`)]),
    ...(stages.filter(({ info }) => info.stage === number).length === 1
      ? []
      : [inJson(stage, `there is another stage ${number}`)]),
  ]
}

/** adds, replaces and removes must name what there is. */
function checkDeclared(stages: readonly StageTree[], stage: StageTree): Problem[] {
  const { adds, replaces, removes } = stage.info
  const inherited = inheritedBy(stages, stage)
  const own = new Set([...stage.sources.keys()].flatMap((path) => partOf(path) ?? []))
  const known = [...inherited.keys()]
  return [
    ...[...adds, ...replaces]
      .filter((part) => !own.has(part))
      .map((part) => inJson(stage, `names ${part}, which is not here${guess(part, [...own])}`)),
    ...adds
      .filter((part) => inherited.has(part))
      .map((part) =>
        inJson(
          stage,
          `adds ${part}, which stage ${inherited.get(part)} has already: that is a replacement`,
        ),
      ),
    ...replaces
      .filter((part) => replacedBy(part, inherited).length === 0)
      .map((part) =>
        inJson(
          stage,
          `replaces by ${part}, and no stage before has anything for it to replace: that is an addition`,
        ),
      ),
    ...removes
      .filter((part) => !inherited.has(part))
      .map((part) =>
        inJson(stage, `removes ${part}, which it does not inherit${guess(part, known)}`),
      ),
    ...adds
      .filter((part) => replaces.includes(part))
      .map((part) => inJson(stage, `both adds and replaces by ${part}`)),
  ]
}

function guess(word: string, words: readonly string[]): string {
  const meant = nearest(word, words)
  return meant === undefined ? '' : ` (did you mean ${meant}?)`
}

/** Each part that the wiring imports must be the one that the account says. */
function checkWiring(stages: readonly StageTree[], stage: StageTree): Problem[] {
  const number = stage.info.stage
  const declared = new Set([...stage.info.adds, ...stage.info.replaces])
  const parts = partsOf(stages, stage)
  return [...stage.sources]
    .filter(([path]) => isWiring(path))
    .flatMap(([path, source]) =>
      source.imports.flatMap(({ specifier, line, typeOnly }) => {
        const target = follow(stages, { stage: number, path }, specifier)
        if (target === undefined || typeOnly) return []
        const where = `src/${path}:${line}`
        if ('missing' in target)
          return [problem(stage, where, `imports ${specifier}: ${target.missing}`)]
        const part = partOf(target.path)
        if (part === undefined) return []
        if (target.stage === number)
          return declared.has(part)
            ? []
            : [
                problem(
                  stage,
                  where,
                  `wires ${part}, which stage.json neither adds nor replaces by`,
                ),
              ]
        return checkInherited(stage, where, { part, from: target.stage }, parts)
      }),
    )
}

function checkInherited(
  stage: StageTree,
  where: string,
  { part, from }: { part: string; from: number },
  parts: Parts,
): Problem[] {
  // A later stage's is told of by another rule.
  if (from > stage.info.stage || parts.get(part) === from) return []
  if (stage.info.removes.includes(part))
    return [problem(stage, where, `imports ${part}, which stage.json removes`)]
  const [now] = replacedBy(part, parts)
  return [
    problem(
      stage,
      where,
      now === undefined
        ? `imports stage ${from}'s ${part}, which no stage.json adds`
        : `imports stage ${from}'s ${part}, which stage ${parts.get(now)} replaced by ${now}`,
    ),
  ]
}

/**
 * Whatever the account lists must really run: nothing is kept, added or replaced on paper alone.
 */
function checkHeritage(stages: readonly StageTree[], stage: StageTree): Problem[] {
  const running = new Set(
    reachable(stages, stage).flatMap((target) => `${target.stage}:${partOf(target.path)}`),
  )
  return [...partsOf(stages, stage)]
    .filter(([part, owner]) => !running.has(`${owner}:${part}`))
    .map(([part, owner]) =>
      inJson(
        stage,
        owner === stage.info.stage
          ? `names ${part}, and nothing that runs imports it`
          : `keeps stage ${owner}'s ${part} by saying nothing of it, and nothing that runs imports it: removes?`,
      ),
    )
}

/** No file may know a later stage, inherit from another, or ask which stage it is in. */
function checkSources(stage: StageTree): Problem[] {
  const number = stage.info.stage
  return [...stage.sources].flatMap(([path, source]) => [
    ...(source.broken === undefined
      ? []
      : [problem(stage, `src/${path}`, `does not parse: ${source.broken}`)]),
    ...source.imports
      .filter(({ specifier }) => stageOf(specifier) > number)
      .map(({ specifier, line }) =>
        problem(stage, `src/${path}:${line}`, `imports ${specifier}, of a later stage`),
      ),
    ...source.inherits
      .filter(({ specifier }) => stageOf(specifier) > 0)
      .map(({ specifier, line }) =>
        problem(
          stage,
          `src/${path}:${line}`,
          `inherits from ${specifier}: stages share parts, not base classes`,
        ),
      ),
    ...checkNumbers(`stage ${number}`, `src/${path}`, source),
  ])
}

const checkNumbers = (room: string, path: string, source: Source): Problem[] =>
  source.stageNumbers.map((line) => ({
    room,
    where: `${path}:${line}`,
    what: 'asks for the number of a stage: what differs is wired differently',
  }))

const stageOf = (specifier: string): number =>
  Number(/^@threshold\/stage-(\d+)/.exec(specifier)?.[1] ?? 0)

function checkSize(stage: StageTree): Problem[] {
  const wiring = [...stage.sources].filter(([path]) => isWiring(path))
  const roles = Map.groupBy(wiring, ([path]) => path.split('/').slice(0, -1).join('/'))
  return [...roles].flatMap(([role, files]) => {
    const lines = files.reduce((sum, [, source]) => sum + source.lines, 0)
    const most = role === '' ? WIRING_LINES.stage : WIRING_LINES.role
    const names = files.map(([path]) => path.split('/').at(-1)).join(', ')
    return lines <= most
      ? []
      : [
          problem(
            stage,
            role === '' ? 'src' : `src/${role}`,
            `${names} have ${lines} lines together; ${most} is the most`,
          ),
        ]
  })
}
