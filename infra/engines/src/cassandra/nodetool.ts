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
 * Runs nodetool against one node and returns its output. It starts a JVM, which takes about a
 * second, and longer on a busy machine. Throws NODETOOL_FAILED.
 */
export async function nodetool(target: NodetoolTarget, ...args: string[]): Promise<string> {
  const flags = await jvmFlags()
  const command = [
    '-Xmx64M',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    ...flags,
    `-Dlogback.configurationFile=${pathToFileURL(join(target.home, 'logback.xml'))}`,
  ]
  const connect = ['-h', '127.0.0.1', '-p', String(target.jmxPort)]
  // Ctrl-C does not reach a process in its own session.
  const { child, identity, registration, closed } = await spawnRegistered({
    role: 'nodetool',
    group: true,
    onExit: 'kill',
    command: target.java,
    args: [
      ...command,
      '-cp',
      join('lib', '*'),
      'org.apache.cassandra.tools.NodeTool',
      ...connect,
      ...args,
    ],
    spawn: {
      cwd: target.home,
      env: childEnvironment(JVM_ENVIRONMENT),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    },
  })
  await using _ = registration
  // The starting JVM must not disturb a measurement.
  void lowerPriority(identity.pid)
  const [stdout, stderr, { code, signal }] = await Promise.all([
    readOutput(child.stdout!),
    readOutput(child.stderr!),
    closed,
  ])
  if (code === 0) return stdout
  const late = `no answer within ${TIMEOUT_MS / 1_000} s`
  const reason = child.killed ? late : signal === null ? `exit code ${code}` : `signal ${signal}`
  throw new CodedError(
    'NODETOOL_FAILED',
    `nodetool ${args.join(' ')}: ${describeFailure(reason, stdout, stderr)}`,
  )
}

/** Empty for a program that could not be started. */
const readOutput = (stream: Readable): Promise<string> => text(stream).catch(() => '')

/**
 * The error and the step that failed, in one line. nodetool prints the error to stderr, before a
 * stack trace, and the step to stdout, among its progress.
 */
export function describeFailure(reason: string, stdout: string, stderr: string): string {
  const [error = ''] = stderr.split('-- StackTrace --')
  const steps = stdout.split('\n').filter((line) => /fail|error|exception/i.test(line))
  const lines = [error, ...steps.slice(-3)].map((line) => line.trim().replaceAll(/\s*\n\s*/g, '; '))
  return [reason, ...lines].filter((line) => line !== '').join('; ')
}

/** A table's counters on one node since the node started, from `nodetool tablestats`. */
export interface TableStats {
  /** Bytes of live sstables. */
  readonly spaceBytes: number
  readonly sstables: number
  readonly partitions: number
  readonly partitionMaxBytes: number
  readonly partitionMeanBytes: number
  /** The tombstone and live cell figures cover the last five minutes. */
  readonly tombstonesPerReadMean: number
  readonly tombstonesPerReadMax: number
  readonly liveCellsPerReadMean: number
  readonly reads: number
  readonly writes: number
}

export async function readTableStats(
  target: NodetoolTarget,
  keyspace: string,
  table: string,
): Promise<TableStats> {
  const text = await nodetool(target, 'tablestats', '-F', 'json', `${keyspace}.${table}`)
  const all = JSON.parse(text) as Record<
    string,
    { tables?: Record<string, Record<string, unknown>> }
  >
  const stats = all[keyspace]?.tables?.[table]
  if (stats === undefined)
    throw new CodedError('NO_SUCH_TABLE', `nodetool does not know a table ${keyspace}.${table}`)
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

/** Reads of a table on one node over the last minutes, from `nodetool tablehistograms`. */
export interface TableHistograms {
  /** How many sstables one read touched. */
  readonly sstablesP50: number
  readonly sstablesP99: number
  /** Latency in the node, without the network. */
  readonly readP50Ms: number
  readonly readP99Ms: number
}

export const readTableHistograms = async (
  target: NodetoolTarget,
  keyspace: string,
  table: string,
): Promise<TableHistograms> =>
  parseHistograms(await nodetool(target, 'tablehistograms', keyspace, table))

/** Parses a line of headings, a line of units, and a line for each percentile. */
export function parseHistograms(output: string): TableHistograms {
  const lines = output.split('\n').map((line) => line.trim().split(/\s{2,}/))
  const headings = lines.find(([first]) => first === 'Percentile')
  const value = (percentile: string, heading: string): number => {
    const row = lines.find(([first]) => first === percentile)
    const number = Number(row?.[headings?.indexOf(heading) ?? -1])
    if (Number.isNaN(number))
      throw new CodedError(
        'NODETOOL_FAILED',
        `nodetool tablehistograms printed no ${heading} for ${percentile}`,
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
