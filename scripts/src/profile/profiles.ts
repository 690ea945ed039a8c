import { z } from 'zod'

const callFrame = z.object({ functionName: z.string(), url: z.string(), lineNumber: z.int() })
type CallFrame = z.output<typeof callFrame>

/** A profile as V8 takes it, reduced to what is drawn. Times are in microseconds. */
export const cpuProfile = z.object({
  nodes: z.array(
    z.object({
      id: z.int(),
      callFrame,
      children: z.array(z.int()).optional(),
    }),
  ),
  startTime: z.number(),
  endTime: z.number(),
  samples: z.array(z.int()),
  timeDeltas: z.array(z.number()),
})
export type CpuProfile = z.output<typeof cpuProfile>

/** Functions with the bytes that they allocated and that are still in use, as V8 samples them. */
interface HeapNode {
  readonly callFrame: CallFrame
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}
const heapNode: z.ZodType<HeapNode> = z.object({
  callFrame,
  selfSize: z.number(),
  get children() {
    return z.array(heapNode)
  },
})
export const heapProfile = z.object({ head: heapNode })
export type HeapProfile = z.output<typeof heapProfile>

/** One function as its caller called it. */
export interface Frame {
  /** Such as `deliver stages/3-gateway-guilds/src/sessions/fair-queue.ts:41`. */
  readonly name: string
  /** Wall time in milliseconds, or KiB, with that of the functions it called. */
  readonly value: number
  readonly children: readonly Frame[]
}

const US_PER_MS = 1_000
const BYTES_PER_KIB = 1_024

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

/** The tree of calls that allocated memory which is still in use. */
export function allocationTree({ head }: HeapProfile, root: string): Frame {
  const toFrame = (nodes: readonly HeapNode[], name: string): Frame => {
    const called = Map.groupBy(
      nodes.flatMap((node) => node.children),
      (child) => nameOf(child.callFrame, root),
    )
    const children = [...called].map(([childName, child]) => toFrame(child, childName))
    const own = nodes.reduce((sum, { selfSize }) => sum + selfSize, 0) / BYTES_PER_KIB
    return { name, value: children.reduce((sum, { value }) => sum + value, own), children }
  }
  return toFrame([head], 'all')
}

/** The functions with most of their own, most first, without the idle time. */
export function largestOwn(tree: Frame, limit: number): readonly Omit<Frame, 'children'>[] {
  const sums = new Map<string, number>()
  const visit = ({ name, value, children }: Frame): void => {
    const own = children.reduce((rest, child) => rest - child.value, value)
    sums.set(name, (sums.get(name) ?? 0) + own)
    for (const child of children) visit(child)
  }
  for (const child of tree.children) if (child.name !== IDLE) visit(child)
  return [...sums]
    .map(([name, value]) => ({ name, value }))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, limit)
}

/** V8 counts lines from 0. */
function nameOf({ functionName, url, lineNumber }: CallFrame, root: string): string {
  const name = functionName || '(anonymous)'
  if (url === '') return name
  const path = url.replace(/^file:\/\//, '')
  const file = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path
  return `${name} ${file.replace(/^.*node_modules\//, '')}:${lineNumber + 1}`
}
