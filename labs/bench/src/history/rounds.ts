import type { CassandraNode, OnProgress, TableHistograms } from '@threshold/engines'
import { createLatency, processCpuSeconds, recordMs } from '@threshold/lab-kit'
import type { FilledChannel } from './channel.ts'

/** The pages of one kind in one channel and one round. */
export interface HistorySample {
  readonly name: string
  readonly messages: number
  readonly at: 'newest' | 'random'
  readonly round: number
  readonly pages: number
  readonly p50: number
  readonly p99: number
  /** Statements and CPU are per page. */
  readonly statements: number
  readonly stageCpuMs: number
  readonly engineCpuMs: number
}

export interface HistoryResult {
  readonly samples: readonly HistorySample[]
  /** Cassandra's counters by the size of the channel; empty if the bench did not start the node. */
  readonly reads: ReadonlyMap<number, TableHistograms>
}

interface Effort {
  readonly rounds: number
  readonly pages: number
}

const KINDS = ['newest', 'random'] as const

/**
 * Reads one page at a time, so that no page waits for another. The order of the channels rotates
 * with each round.
 */
export async function historyRounds(
  channels: readonly FilledChannel[],
  node: CassandraNode | undefined,
  { rounds, pages }: Effort,
  onProgress: OnProgress,
): Promise<HistoryResult> {
  const samples: HistorySample[] = []
  const total = rounds * channels.length
  for (const channel of channels)
    for (const kind of KINDS) await readPages(channel, kind, Math.ceil(pages / 4))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < channels.length; i++) {
      const channel = channels[(i + round) % channels.length]!
      onProgress({
        text: `pages of ${channel.messages.toLocaleString('en')} messages`,
        done: round * channels.length + i,
        total,
      })
      for (const at of KINDS)
        samples.push({
          ...(await measured(channel, at)),
          name: channel.name,
          messages: channel.messages,
          at,
          round,
          pages,
        })
    }
  }
  const reads = new Map<number, TableHistograms>()
  for (const { keyspace, messages } of channels)
    if (keyspace !== undefined && node)
      reads.set(messages, await node.tableHistograms(keyspace, 'messages'))
  return { samples, reads }

  async function measured(channel: FilledChannel, at: 'newest' | 'random') {
    const before = await countersOf(channel)
    const latency = await readPages(channel, at, pages)
    const after = await countersOf(channel)
    return {
      p50: latency.getValueAtPercentile(50) / 1_000,
      p99: latency.getValueAtPercentile(99) / 1_000,
      statements: (after.statements - before.statements) / pages,
      stageCpuMs: ((after.stage - before.stage) * 1_000) / pages,
      engineCpuMs: ((after.engine - before.engine) * 1_000) / pages,
    }
  }
  async function countersOf(channel: FilledChannel) {
    const cpu = async (pid: number | undefined): Promise<number> =>
      (pid === undefined ? undefined : await processCpuSeconds(pid)) ?? Number.NaN
    return {
      statements: await channel.statements(),
      stage: await cpu(channel.pid),
      engine: await cpu(channel.enginePid),
    }
  }
}

async function readPages(channel: FilledChannel, at: 'newest' | 'random', pages: number) {
  const latency = createLatency()
  for (let page = 0; page < pages; page++) recordMs(latency, await channel.page(at))
  return latency
}
