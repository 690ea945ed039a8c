import { structuredPatch } from 'diff'
import { partsOfStage } from './inherited-parts.ts'
import { isWiring, type ParsedStage, partOf, portOf } from './parsed-stage.ts'

/** The difference between two stages, as plain data. */
export interface StageDiff {
  readonly ports: readonly PortChange[]
  readonly wiring: readonly FileDiff[]
  readonly lists: readonly {
    readonly name: string
    readonly gained: readonly string[]
    readonly lost: readonly string[]
  }[]
}

/** A port or folder, and the part behind it in both stages. */
export interface PortChange {
  readonly port: string
  readonly before: PartSize | undefined
  readonly after: PartSize | undefined
  readonly change: 'kept' | 'replaced' | 'added' | 'removed'
}

export interface PartSize {
  readonly name: string
  /** The stage that owns the part. */
  readonly stage: number
  readonly files: number
  readonly lines: number
}

interface FileDiff {
  readonly path: string
  /** Empty when both files are the same. Each line starts with a space, a plus, a minus or @@. */
  readonly lines: readonly string[]
}

export function diffStages(
  stages: readonly ParsedStage[],
  before: ParsedStage,
  after: ParsedStage,
): StageDiff {
  return {
    ports: diffPorts(stages, before, after),
    wiring: diffWiring(before, after),
    lists: diffLists(before, after),
  }
}

function diffPorts(
  stages: readonly ParsedStage[],
  before: ParsedStage,
  after: ParsedStage,
): PortChange[] {
  const [oldParts, newParts] = [partsByPort(stages, before), partsByPort(stages, after)]
  const ports = [...new Set([...oldParts.keys(), ...newParts.keys()])].toSorted()
  return ports.flatMap((port) => {
    const [left, right] = [oldParts.get(port) ?? [], newParts.get(port) ?? []]
    const isIn = (part: PartSize, parts: readonly PartSize[]): boolean =>
      parts.some(({ name, stage }) => name === part.name && stage === part.stage)
    const kept = right.filter((part) => isIn(part, left))
    const removed = left.filter((part) => !isIn(part, kept))
    const added = right.filter((part) => !isIn(part, kept))
    return [
      ...kept.map((part): PortChange => ({ port, before: part, after: part, change: 'kept' })),
      ...Array.from({ length: Math.max(removed.length, added.length) }, (_, index): PortChange => {
        const [from, to] = [removed[index], added[index]]
        const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'replaced'
        return { port, before: from, after: to, change }
      }),
    ]
  })
}

/** A port may have several adapters in one stage: a migration uses both stores. */
function partsByPort(stages: readonly ParsedStage[], stage: ParsedStage): Map<string, PartSize[]> {
  const parts = [...partsOfStage(stages, stage)].map(([name, owner]) =>
    measure(stages, name, owner),
  )
  return Map.groupBy(parts, ({ name }) => portOf(name))
}

function measure(stages: readonly ParsedStage[], name: string, owner: number): PartSize {
  const stage = stages.find(({ info }) => info.stage === owner)
  const files = [...(stage?.files ?? [])].filter(([path]) => partOf(path) === name)
  return {
    name,
    stage: owner,
    files: files.length,
    lines: files.reduce((sum, [, { lines }]) => sum + lines, 0),
  }
}

function diffWiring(before: ParsedStage, after: ParsedStage): FileDiff[] {
  const paths = [...new Set([...before.texts.keys(), ...after.texts.keys()])]
    .filter(isWiring)
    .toSorted()
  return paths.map((path) => {
    const [oldText, newText] = [before.texts.get(path) ?? '', after.texts.get(path) ?? '']
    const options = { context: 2 }
    const { hunks } = structuredPatch(path, path, oldText, newText, undefined, undefined, options)
    return {
      path,
      lines: hunks.flatMap(({ oldStart, newStart, lines }) => [
        `@@ line ${oldStart} → ${newStart}`,
        ...lines,
      ]),
    }
  })
}

function diffLists(before: ParsedStage, after: ParsedStage): StageDiff['lists'] {
  const lists = { engines: 'engines', capabilities: 'capabilities', 'gives up': 'givesUp' } as const
  return Object.entries(lists).map(([name, key]) => {
    const oldList: readonly string[] = before.info[key]
    const newList: readonly string[] = after.info[key]
    return {
      name,
      gained: newList.filter((entry) => !oldList.includes(entry)),
      lost: oldList.filter((entry) => !newList.includes(entry)),
    }
  })
}
