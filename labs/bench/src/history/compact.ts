import type { CassandraNode } from '@threshold/engines'

/**
 * Flushes and compacts the messages. The import wrote all days at once, unlike a real channel, so
 * that each file would contain a little of every day.
 */
export async function compactMessages(node: CassandraNode, keyspace: string): Promise<void> {
  await node.nodetool('flush', keyspace)
  await node.nodetool('compact', keyspace, 'messages')
}
