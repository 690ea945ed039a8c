/**
 * The order of a channel's messages, merged from sequences: a message comes before another one if
 * it does so in some sequence, or if both follow from others.
 */
export class MessageOrder {
  /** The messages right after each message in some sequence, and right before it. */
  readonly next = new Map<string, Set<string>>()
  readonly previous = new Map<string, Set<string>>()
  readonly #after = new Map<string, ReadonlySet<string>>()
  readonly #before = new Map<string, ReadonlySet<string>>()

  constructor(sequences: readonly (readonly string[])[]) {
    for (const sequence of sequences)
      for (const [i, id] of sequence.entries()) {
        const following = setOf(this.next, id)
        const preceding = setOf(this.previous, id)
        if (i > 0) preceding.add(sequence[i - 1]!)
        if (i + 1 < sequence.length) following.add(sequence[i + 1]!)
      }
  }

  isBefore(id: string, other: string): boolean {
    return this.#reachable(this.#before, this.previous, other).has(id)
  }

  /** Whether a message comes after `first` and before `last`. */
  isBetween(id: string, first: string | undefined, last: string | undefined): boolean {
    if (first === undefined || last === undefined) return false
    return this.#reachable(this.#after, this.next, first).has(id) && this.isBefore(id, last)
  }

  /** Computed once for each message that is asked for. */
  #reachable(
    known: Map<string, ReadonlySet<string>>,
    edges: ReadonlyMap<string, ReadonlySet<string>>,
    from: string,
  ): ReadonlySet<string> {
    let found = known.get(from)
    if (!found) {
      found = reachable(edges, from)
      known.set(from, found)
    }
    return found
  }
}

/** A shortest cycle of messages, each right before the next and the last before the first. */
export function findCycle({ next, previous }: MessageOrder): string[] | undefined {
  const downstream = withoutSources(next, new Set(next.keys()))
  const candidates = withoutSources(previous, downstream)
  let shortest: string[] | undefined
  for (const id of candidates) {
    const cycle = shortestCycleThrough(next, candidates, id)
    if (cycle && cycle.length < (shortest?.length ?? Number.POSITIVE_INFINITY)) shortest = cycle
    if (shortest?.length === 2) break
  }
  return shortest
}

/** Removes those without a predecessor again and again, and returns the rest. */
function withoutSources(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  ids: ReadonlySet<string>,
): Set<string> {
  const incoming = new Map([...ids].map((id) => [id, 0]))
  for (const id of ids)
    for (const follower of next.get(id)!)
      if (ids.has(follower)) incoming.set(follower, incoming.get(follower)! + 1)
  const sources = [...incoming].flatMap(([id, count]) => (count === 0 ? [id] : []))
  for (let id = sources.pop(); id !== undefined; id = sources.pop()) {
    incoming.delete(id)
    for (const follower of next.get(id)!) {
      const left = (incoming.get(follower) ?? 0) - 1
      if (left < 0) continue
      incoming.set(follower, left)
      if (left === 0) sources.push(follower)
    }
  }
  return new Set(incoming.keys())
}

function shortestCycleThrough(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  ids: ReadonlySet<string>,
  start: string,
): string[] | undefined {
  const parents = new Map<string, string>()
  const open = [start]
  for (const id of open)
    for (const follower of next.get(id)!) {
      if (follower === start) return pathTo(id, start, parents)
      if (!ids.has(follower) || parents.has(follower)) continue
      parents.set(follower, id)
      open.push(follower)
    }
  return undefined
}

function pathTo(end: string, start: string, parents: ReadonlyMap<string, string>): string[] {
  const path = [end]
  while (path[0] !== start) path.unshift(parents.get(path[0]!)!)
  return path
}

function reachable(
  edges: ReadonlyMap<string, ReadonlySet<string>>,
  from: string,
): ReadonlySet<string> {
  const found = new Set<string>()
  const open = [from]
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const other of edges.get(id) ?? [])
      if (!found.has(other)) {
        found.add(other)
        open.push(other)
      }
  return found
}

function setOf(sets: Map<string, Set<string>>, id: string): Set<string> {
  const set = sets.get(id) ?? new Set<string>()
  sets.set(id, set)
  return set
}
