/**
 * The order of a channel's messages, as far as sessions have seen it: a message comes before
 * another one if some session received it earlier, or if both follow from others.
 */
export class MessageOrder {
  /** The messages that some session received right after each message, and right before it. */
  readonly next = new Map<string, Set<string>>()
  readonly #previous = new Map<string, Set<string>>()
  readonly #after = new Map<string, ReadonlySet<string>>()
  readonly #before = new Map<string, ReadonlySet<string>>()

  constructor(sequences: readonly (readonly string[])[]) {
    for (const sequence of sequences)
      for (const [i, id] of sequence.entries()) {
        const following = setOf(this.next, id)
        const preceding = setOf(this.#previous, id)
        if (i > 0) preceding.add(sequence[i - 1]!)
        if (i + 1 < sequence.length) following.add(sequence[i + 1]!)
      }
  }

  isBefore(id: string, other: string): boolean {
    return this.#reachable(this.#after, this.next, id).has(other)
  }

  /** Whether a message comes after `first` and before `last`. */
  isBetween(id: string, first: string | undefined, last: string | undefined): boolean {
    if (first === undefined || last === undefined) return false
    return (
      this.#reachable(this.#after, this.next, first).has(id) &&
      this.#reachable(this.#before, this.#previous, last).has(id)
    )
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
export function findCycle({ next }: MessageOrder): string[] | undefined {
  let shortest: string[] | undefined
  for (const id of cyclic(next)) {
    const cycle = shortestWayBack(next, id)
    if (cycle && cycle.length < (shortest?.length ?? Number.POSITIVE_INFINITY)) shortest = cycle
  }
  return shortest
}

/** The messages that remain when those without predecessor are removed again and again. */
function cyclic(next: ReadonlyMap<string, ReadonlySet<string>>): Iterable<string> {
  const incoming = new Map([...next.keys()].map((id) => [id, 0]))
  for (const followers of next.values())
    for (const id of followers) incoming.set(id, incoming.get(id)! + 1)
  const free = [...incoming].flatMap(([id, count]) => (count === 0 ? [id] : []))
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    incoming.delete(id)
    for (const follower of next.get(id)!) {
      const left = incoming.get(follower)! - 1
      incoming.set(follower, left)
      if (left === 0) free.push(follower)
    }
  }
  return incoming.keys()
}

function shortestWayBack(
  next: ReadonlyMap<string, ReadonlySet<string>>,
  start: string,
): string[] | undefined {
  const ways: string[][] = [[start]]
  const seen = new Set<string>()
  for (const way of ways)
    for (const id of next.get(way.at(-1)!) ?? []) {
      if (id === start) return way
      if (seen.has(id)) continue
      seen.add(id)
      ways.push([...way, id])
    }
  return undefined
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
