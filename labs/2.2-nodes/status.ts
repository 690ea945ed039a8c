import type { CassandraEngine, CassandraNode } from '@threshold/engines'

/** A line of `nodetool status`: `UN  127.0.0.1  103.2 KiB  4  33.3%  <host id>  rack1`. */
const LINE = /^([UD])[NLJM]\s+(\S+)\s+.*?(\d+(?:\.\d+)?)%/gm

/**
 * 0–1: the least share of the ring that a node owns, copies included. Computed from tokens and the
 * keyspace's replication: it says what a node is to have, and nothing of what it has.
 */
export async function smallestRingShare(
  engine: CassandraEngine,
  keyspace: string,
): Promise<number> {
  const text = await engine.nodes()[0]!.nodetool('status', keyspace)
  return Math.min(...[...text.matchAll(LINE)].map(([, , , percent]) => Number(percent) / 100))
}

/**
 * 0–1: of the channels that were written in, the least share that a node has on its own disk. Each
 * is one partition, as long as no bucket ends meanwhile. Nobody should write: what comes after the
 * flush is counted once more.
 */
export async function smallestDiskShare(
  engine: CassandraEngine,
  keyspace: string,
  channels: number,
): Promise<number> {
  const held: number[] = []
  for (const node of engine.nodes()) {
    await node.nodetool('flush', keyspace)
    held.push((await node.tableStats(keyspace, 'messages')).partitions)
  }
  return Math.min(1, Math.min(...held) / channels)
}

/** What one node thinks of the others. */
export async function statesSeenBy(node: CassandraNode): Promise<Map<string, 'up' | 'down'>> {
  const text = await node.nodetool('status')
  return new Map(
    [...text.matchAll(/^([UD])[NLJM]\s+(\S+)/gm)].map(([, state, address]) => [
      address!,
      state === 'U' ? 'up' : 'down',
    ]),
  )
}
