import { structuredPatch } from 'diff'
import { partsOf } from './heritage.ts'
import { isWiring, partOf, portOf, type StageTree } from './tree.ts'

/** How one stage became another; plain data, drawn by the command. */
export interface StageDiff {
  readonly ports: readonly PortRow[]
  readonly wiring: readonly FileDiff[]
  readonly lists: readonly {
    readonly name: string
    readonly gained: readonly string[]
    readonly lost: readonly string[]
  }[]
}

/** A port or folder, and what stands behind it on either side. */
export interface PortRow {
  readonly port: string
  readonly before: Part | undefined
  readonly after: Part | undefined
  readonly change: 'kept' | 'replaced' | 'added' | 'removed'
}

export interface Part {
  readonly name: string
  /** The stage that made it. */
  readonly stage: number
  readonly files: number
  readonly lines: number
}

interface FileDiff {
  readonly path: string
  /**
   * Empty when both are the same. Each begins with a space, a plus, a minus, or @@ for where it is.
   */
  readonly lines: readonly string[]
}

export function compareStages(
  stages: readonly StageTree[],
  before: StageTree,
  after: StageTree,
): StageDiff {
  return {
    ports: diffPorts(stages, before, after),
    wiring: diffWiring(before, after),
    lists: diffLists(before, after),
  }
}

function diffPorts(stages: readonly StageTree[], before: StageTree, after: StageTree): PortRow[] {
  const [old, now] = [byPort(stages, before), byPort(stages, after)]
  const ports = [...new Set([...old.keys(), ...now.keys()])].toSorted()
  return ports.flatMap((port) => {
    const [left, right] = [old.get(port) ?? [], now.get(port) ?? []]
    const same = (a: Part, b: Part): boolean => a.name === b.name && a.stage === b.stage
    const kept = right.filter((part) => left.some((other) => same(part, other)))
    const gone = left.filter((part) => !kept.some((other) => same(part, other)))
    const come = right.filter((part) => !kept.some((other) => same(part, other)))
    return [
      ...kept.map((part): PortRow => ({ port, before: part, after: part, change: 'kept' })),
      ...Array.from({ length: Math.max(gone.length, come.length) }, (_, index): PortRow => {
        const [from, to] = [gone[index], come[index]]
        return {
          port,
          before: from,
          after: to,
          change: from === undefined ? 'added' : to === undefined ? 'removed' : 'replaced',
        }
      }),
    ]
  })
}

/** Several adapters may serve one port in one stage: both stores, in the middle of a migration. */
function byPort(stages: readonly StageTree[], stage: StageTree): Map<string, Part[]> {
  const parts = [...partsOf(stages, stage)].map(([name, owner]) => measured(stages, name, owner))
  return Map.groupBy(parts, ({ name }) => portOf(name))
}

function measured(stages: readonly StageTree[], name: string, owner: number): Part {
  const tree = stages.find(({ info }) => info.stage === owner)
  const sources = [...(tree?.sources ?? [])].filter(([path]) => partOf(path) === name)
  return {
    name,
    stage: owner,
    files: sources.length,
    lines: sources.reduce((sum, [, { lines }]) => sum + lines, 0),
  }
}

function diffWiring(before: StageTree, after: StageTree): FileDiff[] {
  const paths = [...new Set([...before.texts.keys(), ...after.texts.keys()])]
    .filter(isWiring)
    .toSorted()
  return paths.map((path) => {
    const { hunks } = structuredPatch(
      path,
      path,
      before.texts.get(path) ?? '',
      after.texts.get(path) ?? '',
      undefined,
      undefined,
      {
        context: 2,
      },
    )
    return {
      path,
      lines: hunks.flatMap(({ oldStart, newStart, lines }) => [
        `@@ line ${oldStart} → ${newStart}`,
        ...lines,
      ]),
    }
  })
}

function diffLists(before: StageTree, after: StageTree): StageDiff['lists'] {
  const lists = { engines: 'engines', capabilities: 'capabilities', 'gives up': 'givesUp' } as const
  return Object.entries(lists).map(([name, key]) => {
    const [old, now]: [readonly string[], readonly string[]] = [before.info[key], after.info[key]]
    return {
      name,
      gained: now.filter((word) => !old.includes(word)),
      lost: old.filter((word) => !now.includes(word)),
    }
  })
}
