import type { CassandraEngine, CassandraNode } from '@threshold/engines'

/** A line of `nodetool status`: `UN  127.0.0.1  103.2 KiB  4  33.3%  <host id>  rack1`. */
const LINE = /^([UD])[NLJM]\s+(\S+)\s+.*?(\d+(?:\.\d+)?)%/gm

/** 0–1 by address: the share of the keyspace's data that each node holds, copies included. */
export async function ownership(engine: CassandraEngine, keyspace: string): Promise<Map<string, number>> {
  const text = await engine.nodes()[0]!.nodetool('status', keyspace)
  return new Map([...text.matchAll(LINE)].map(([, , address, percent]) => [address!, Number(percent) / 100]))
}

/** What one node thinks of the others. */
export async function statesSeenBy(node: CassandraNode): Promise<Map<string, 'up' | 'down'>> {
  const text = await node.nodetool('status')
  return new Map([...text.matchAll(/^([UD])[NLJM]\s+(\S+)/gm)].map(([, state, address]) => [address!, state === 'U' ? 'up' : 'down']))
}
