import { setTimeout as delay } from 'node:timers/promises'
import { type Intervention, queryKeyspace } from '@threshold/lab-kit'

export const SSTABLES = {
  p50: 'sstables per read, p50',
  p99: 'sstables per read, p99',
}

/**
 * Reads Cassandra's own counters after the load, since nodetool starts a JVM. Reports nothing if
 * the lab did not start the node.
 */
export const countSstables: Intervention = {
  text: 'after the load, nodetool tells how many sstables a read used',
  async run({ cassandra, loadSeconds: seconds }) {
    await delay(seconds * 1_000)
    const [node] = cassandra?.engine?.nodes() ?? []
    if (node === undefined) return {}
    return await queryKeyspace(cassandra, async (keyspace) => {
      const { sstablesP50, sstablesP99 } = await node.tableHistograms(keyspace, 'messages')
      return { [SSTABLES.p50]: sstablesP50, [SSTABLES.p99]: sstablesP99 }
    })
  },
}
