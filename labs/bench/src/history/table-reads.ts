import type { CassandraNode } from '@threshold/engines'
import { CodedError } from '@threshold/kit'

/** How Cassandra itself saw the reads of a table, over the last minutes. */
export interface TableReads {
  /** Files on disk that one read had to look into. */
  readonly sstablesP50: number
  readonly sstablesP99: number
  /** In the node, without the way to it. */
  readonly readP50Ms: number
  readonly readP99Ms: number
}

/**
 * Whatever was written while a channel was filled is put in order: the fill wrote all its days at once, as no channel does, so that
 * each file would hold a little of every day.
 */
export async function tidy(node: CassandraNode, keyspace: string): Promise<void> {
  await node.nodetool('flush', keyspace)
  await node.nodetool('compact', keyspace, 'messages')
}

export async function tableReads(node: CassandraNode, keyspace: string): Promise<TableReads> {
  return parseHistograms(await node.nodetool('tablehistograms', keyspace, 'messages'))
}

/** A table for people: a line of headings, one of units, then a line for each percentile. */
export function parseHistograms(text: string): TableReads {
  const lines = text.split('\n').map((line) => line.trim().split(/\s{2,}/))
  const headings = lines.find(([first]) => first === 'Percentile')
  const value = (percentile: string, heading: string): number => {
    const row = lines.find(([first]) => first === percentile)
    const number = Number(row?.[headings?.indexOf(heading) ?? -1])
    if (Number.isNaN(number)) throw new CodedError('BENCH_FAILED', `nodetool tablehistograms says nothing of ${heading} at ${percentile}`)
    return number
  }
  return {
    sstablesP50: value('50%', 'SSTables'),
    sstablesP99: value('99%', 'SSTables'),
    readP50Ms: value('50%', 'Read Latency') / 1_000,
    readP99Ms: value('99%', 'Read Latency') / 1_000,
  }
}
