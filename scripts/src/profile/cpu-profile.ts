import { z } from 'zod'

/** A profile as V8 takes it, reduced to what is drawn. Times are in microseconds. */
export const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame: z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() }),
      children: z.array(z.int()).optional(),
    }),
  ),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
})
export type CpuProfile = z.output<typeof cpuProfile>

/** One function as its caller called it. */
export interface Frame {
  /** Such as `deliver stages/3-gateway-guilds/src/sessions/fair-queue.ts:41`. */
  readonly name: string
  /** Wall time in milliseconds, with that of the functions it called. */
  readonly value: number
  readonly children: readonly Frame[]
}

export interface SelfTime {
  readonly name: string
  /** Wall time in milliseconds, without that of the functions it called. */
  readonly ms: number
}

const US_PER_MS = 1_000

/** Time in which the event loop had nothing to do. */
export const IDLE = '(idle)'

/**
 * The tree of calls. Calls of one function from one place are one frame. `root` is the folder that
 * is cut from the paths of files.
 */
export function callTree(
  { nodes, samples, timeDeltas, endTime, startTime }: CpuProfile,
  root: string,
): Frame {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const self = new Map<number, number>()
  let at = startTime
  // The delta of a sample is the time since the one before, and a sample lasts until the next one.
  const times = timeDeltas.map((delta) => (at += delta))
  for (const [i, id] of samples.entries()) {
    const until = times[i + 1] ?? endTime
    self.set(id, (self.get(id) ?? 0) + Math.max(0, until - times[i]!))
  }
  const toFrame = (ids: readonly number[], name: string): Frame => {
    const called = new Map<string, number[]>()
    for (const id of ids)
      for (const child of byId.get(id)?.children ?? []) {
        const childName = nameOf(byId.get(child)!.callFrame, root)
        called.set(childName, [...(called.get(childName) ?? []), child])
      }
    const children = [...called]
      .map(([childName, childIds]) => toFrame(childIds, childName))
      .filter(({ value }) => value > 0)
    const own = ids.reduce((sum, id) => sum + (self.get(id) ?? 0), 0) / US_PER_MS
    return { name, value: children.reduce((sum, { value }) => sum + value, own), children }
  }
  return toFrame(nodes[0] ? [nodes[0].id] : [], 'all')
}

/** The functions in which most time went by, most first, without the idle time. */
export function selfTimes(tree: Frame, limit: number): readonly SelfTime[] {
  const sums = new Map<string, number>()
  const visit = ({ name, value, children }: Frame): void => {
    const own = children.reduce((rest, child) => rest - child.value, value)
    sums.set(name, (sums.get(name) ?? 0) + own)
    for (const child of children) visit(child)
  }
  for (const child of tree.children) if (child.name !== IDLE) visit(child)
  return [...sums]
    .map(([name, ms]) => ({ name, ms }))
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, limit)
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  /** Counted from 0. */
  readonly lineNumber: number
}

function nameOf({ functionName, url, lineNumber }: CallFrame, root: string): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const path = url.replace(/^file:\/\//, '')
  const file = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
  return `${name} ${file.replace(/^.*node_modules\//, '')}:${lineNumber + 1}`
}
