import { type Intervention, queryKeyspace } from '@threshold/lab-kit'

export const LARGEST = {
  young: 'rows in the largest partition of the young channels',
  old: 'rows in the largest partition of the old channels',
}
export const LARGEST_BYTES = 'bytes of the largest partition on disk'

/**
 * Counts the rows of every partition by CQL. If the lab started the node, it also reports the size
 * of the largest partition on disk.
 */
export const countPartitionRows: Intervention = {
  text: 'the rows of every partition are counted',
  run: ({ cassandra, guilds }) =>
    queryKeyspace(cassandra, async (keyspace, rows) => {
      const partitions = await rows(
        `SELECT channel_id, COUNT(*) AS row_count FROM ${keyspace}.messages GROUP BY channel_id, bucket`,
      )
      const largest = (group: string): number => {
        const channels = new Set(
          guilds.filter((guild) => guild.group === group).flatMap((guild) => guild.channels),
        )
        return Math.max(
          0,
          ...partitions
            .filter((row) => channels.has(String(row.channel_id)))
            .map((row) => Number(row.row_count)),
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
