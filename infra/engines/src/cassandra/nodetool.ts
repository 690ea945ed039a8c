import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { CodedError } from '@threshold/kit'
import { childEnvironment } from '../config.ts'
import { lowerPriority } from '../process/priority.ts'
import { spawnRegistered } from '../process/registered.ts'
import { JVM_ENVIRONMENT, jvmFlags } from './settings.ts'

const TIMEOUT_MS = 120_000

export interface NodetoolTarget {
  readonly java: string
  readonly home: string
  readonly jmxPort: number
}

/**
 * Runs nodetool against one node and answers what it said. A second or so, more on a busy machine:
 * a JVM starts for it.
 */
export async function nodetool(place: NodetoolTarget, ...args: string[]): Promise<string> {
  const flags = await jvmFlags()
  const command = [
    '-Xmx64M',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...flags,
    `-Dlogback.configurationFile=${pathToFileURL(join(place.home, 'logback.xml'))}`,
  ]
  const connect = ['-h', '127.0.0.1', '-p', String(place.jmxPort)]
  // In a session of its own no Ctrl-C reaches it.
  const { child, identity, registration, closed } = await spawnRegistered({
    role: 'nodetool',
    group: true,
    onExit: 'kill',
    command: place.java,
    args: [
      ...command,
      '-cp',
      join('lib', '*'),
      'org.apache.cassandra.tools.NodeTool',
      ...connect,
      ...args,
    ],
    spawn: {
      cwd: place.home,
      env: childEnvironment(JVM_ENVIRONMENT),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    },
  })
  await using _ = registration
  // A JVM that starts must not disturb what is measured meanwhile.
  void lowerPriority(identity.pid)
  const [stdout, stderr, { code, signal }] = await Promise.all([
    readOutput(child.stdout!),
    readOutput(child.stderr!),
    closed,
  ])
  const late = `no answer within ${TIMEOUT_MS / 1_000} s`
  const ended = child.killed ? late : signal === null ? `exit code ${code}` : `signal ${signal}`
  if (ended !== 'exit code 0')
    throw new CodedError(
      'NODETOOL_FAILED',
      `nodetool ${args.join(' ')}: ${describeFailure(ended, stdout, stderr)}`,
    )
  return stdout
}

/** What came until it ended; nothing of a program that could not be started. */
const readOutput = (stream: Readable): Promise<string> => text(stream).catch(() => '')

/**
 * What went wrong and in which step: nodetool says the first before a stack trace on stderr, the
 * second among its progress on stdout.
 */
export function describeFailure(ended: string, stdout: string, stderr: string): string {
  const [said = ''] = stderr.split('-- StackTrace --')
  const steps = stdout.split('\n').filter((line) => /fail|error|exception/i.test(line))
  const lines = [said, ...steps.slice(-3)].map((line) => line.trim().replaceAll(/\s*\n\s*/g, '; '))
  return [ended, ...lines].filter((line) => line !== '').join('; ')
}

/** What a table costs to read on one node, in Cassandra's own counters since it started. */
export interface TableStats {
  /** Bytes of live sstables. */
  readonly spaceBytes: number
  readonly sstables: number
  readonly partitions: number
  readonly partitionMaxBytes: number
  readonly partitionMeanBytes: number
  /** Over the last five minutes. */
  readonly tombstonesPerReadMean: number
  readonly tombstonesPerReadMax: number
  readonly liveCellsPerReadMean: number
  readonly reads: number
  readonly writes: number
}

export async function readTableStats(
  place: NodetoolTarget,
  keyspace: string,
  table: string,
): Promise<TableStats> {
  const text = await nodetool(place, 'tablestats', '-F', 'json', `${keyspace}.${table}`)
  const all = JSON.parse(text) as Record<
    string,
    { tables?: Record<string, Record<string, unknown>> }
  >
  const stats = all[keyspace]?.tables?.[table]
  if (stats === undefined)
    throw new CodedError('NO_SUCH_TABLE', `nodetool knows no table ${keyspace}.${table}`)
  const number = (name: string): number => {
    const value = Number(stats[name])
    return Number.isFinite(value) ? value : 0
  }
  return {
    spaceBytes: number('space_used_live'),
    sstables: number('sstable_count'),
    partitions: number('number_of_partitions_estimate'),
    partitionMaxBytes: number('compacted_partition_maximum_bytes'),
    partitionMeanBytes: number('compacted_partition_mean_bytes'),
    tombstonesPerReadMean: number('average_tombstones_per_slice_last_five_minutes'),
    tombstonesPerReadMax: number('maximum_tombstones_per_slice_last_five_minutes'),
    liveCellsPerReadMean: number('average_live_cells_per_slice_last_five_minutes'),
    reads: number('local_read_count'),
    writes: number('local_write_count'),
  }
}

/** How a node saw the reads of a table, over the last minutes. */
export interface TableHistograms {
  /** Files on disk that one read had to look into. */
  readonly sstablesP50: number
  readonly sstablesP99: number
  /** In the node, without the way to it. */
  readonly readP50Ms: number
  readonly readP99Ms: number
}

export const readTableHistograms = async (
  place: NodetoolTarget,
  keyspace: string,
  table: string,
): Promise<TableHistograms> =>
  parseHistograms(await nodetool(place, 'tablehistograms', keyspace, table))

/** A table for people: a line of headings, one of units, then a line for each percentile. */
export function parseHistograms(said: string): TableHistograms {
  const lines = said.split('\n').map((line) => line.trim().split(/\s{2,}/))
  const headings = lines.find(([first]) => first === 'Percentile')
  const value = (percentile: string, heading: string): number => {
    const row = lines.find(([first]) => first === percentile)
    const number = Number(row?.[headings?.indexOf(heading) ?? -1])
    if (Number.isNaN(number))
      throw new CodedError(
        'NODETOOL_FAILED',
        `nodetool tablehistograms says nothing of ${heading} at ${percentile}`,
      )
    return number
  }
  return {
    sstablesP50: value('50%', 'SSTables'),
    sstablesP99: value('99%', 'SSTables'),
    readP50Ms: value('50%', 'Read Latency') / 1_000,
    readP99Ms: value('99%', 'Read Latency') / 1_000,
  }
}
