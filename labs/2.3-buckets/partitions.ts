import { type Intervention, queryKeyspace } from '@threshold/lab-kit'

export const LARGEST = {
  young: 'rows in the largest partition of the young channels',
  old: 'rows in the largest partition of the old',
}
export const LARGEST_BYTES = 'bytes of the largest partition on disk'

/**
 * Counts the rows of every partition, which needs no engine of ours; its bytes on disk as well
 * where the node is.
 */
export const countPartitionRows: Intervention = {
  text: 'the rows of every partition are counted',
  run: ({ cassandra, guilds }) =>
    queryKeyspace(cassandra, async (keyspace, rows) => {
      const partitions = await rows(
        `SELECT channel_id, COUNT(*) AS held FROM ${keyspace}.messages GROUP BY channel_id, bucket`,
      )
      const largest = (group: string): number => {
        const channels = new Set(
          guilds.filter((guild) => guild.group === group).flatMap((guild) => guild.channels),
        )
        return Math.max(
          0,
          ...partitions
            .filter((row) => channels.has(String(row.channel_id)))
            .map((row) => Number(row.held)),
        )
      }
      const counted = {
        [LARGEST.young]: largest('young channels'),
        [LARGEST.old]: largest('old channels'),
      }
      const [node] = cassandra?.engine?.nodes() ?? []
      if (node === undefined) return counted
      await node.nodetool('flush', keyspace)
      return {
        ...counted,
        [LARGEST_BYTES]: (await node.tableStats(keyspace, 'messages')).partitionMaxBytes,
      }
    }),
}
