import type { CassandraEngine, CassandraNode } from '@threshold/engines'

/** A line of `nodetool status`: `UN  127.0.0.1  103.2 KiB  4  33.3%  <host id>  rack1`. */
const LINE = /^([UD])[NLJM]\s+(\S+)\s+.*?(\d+(?:\.\d+)?)%/gm

/**
 * Returns the smallest share of the ring that a node owns, copies included, from 0 to 1. Cassandra
 * computes it from tokens and the replication factor, not from the data that a node actually has.
 */
export async function smallestRingShare(
  engine: CassandraEngine,
  keyspace: string,
): Promise<number> {
  const text = await engine.nodes()[0]!.nodetool('status', keyspace)
  return Math.min(...[...text.matchAll(LINE)].map(([, , , percent]) => Number(percent) / 100))
}

/**
 * Returns the smallest share of the channels that a node has on its own disk, from 0 to 1. Each
 * channel is one partition as long as no bucket ends meanwhile. No client may write meanwhile,
 * since a partition that is written after the flush would be counted twice.
 */
export async function smallestDiskShare(
  engine: CassandraEngine,
  keyspace: string,
  channels: number,
): Promise<number> {
  const partitions: number[] = []
  for (const node of engine.nodes()) {
    await node.nodetool('flush', keyspace)
    partitions.push((await node.tableStats(keyspace, 'messages')).partitions)
  }
  return Math.min(1, Math.min(...partitions) / channels)
}

/** Returns the state of each node by its address, as this node sees it. */
export async function statesSeenBy(node: CassandraNode): Promise<Map<string, 'up' | 'down'>> {
  const text = await node.nodetool('status')
  return new Map(
    [...text.matchAll(/^([UD])[NLJM]\s+(\S+)/gm)].map(([, state, address]) => [
      address!,
      state === 'U' ? 'up' : 'down',
    ]),
  )
}
