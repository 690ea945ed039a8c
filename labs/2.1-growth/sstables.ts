import { setTimeout as delay } from 'node:timers/promises'
import { type Intervention, queryKeyspace } from '@threshold/lab-kit'

export const SSTABLES = {
  usual: 'sstables that a read looked into',
  most: 'sstables of one read in a hundred',
}

/**
 * What Cassandra says itself of its reads, asked when the load is over: nodetool starts a JVM. Only
 * of a node that is ours.
 */
export const countSstables: Intervention = {
  text: 'the node is asked at the end how many sstables a read looked into',
  async run({ cassandra, loadSeconds: seconds }) {
    await delay(seconds * 1_000)
    const [node] = cassandra?.engine?.nodes() ?? []
    if (node === undefined) return {}
    return await queryKeyspace(cassandra, async (keyspace) => {
      const { sstablesP50, sstablesP99 } = await node.tableHistograms(keyspace, 'messages')
      return { [SSTABLES.usual]: sstablesP50, [SSTABLES.most]: sstablesP99 }
    })
  },
}
