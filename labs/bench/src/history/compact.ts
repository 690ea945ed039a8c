import type { CassandraNode } from '@threshold/engines'

/**
 * Whatever was written while a channel was filled is put in order: the fill wrote all its days at
 * once, as no channel does, so that each file would hold a little of every day.
 */
export async function compactMessages(node: CassandraNode, keyspace: string): Promise<void> {
  await node.nodetool('flush', keyspace)
  await node.nodetool('compact', keyspace, 'messages')
}
