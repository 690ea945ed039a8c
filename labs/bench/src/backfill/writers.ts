import { fileURLToPath } from 'node:url'
import { type Cqlsh, installCqlsh, type OnProgress, parseCassandraUri } from '@threshold/engines'
import { messageOf } from '@threshold/kit'
import { type Metered, meteredCqlsh, meteredNode } from '../metered.ts'
import type { CsvExport } from './csv.ts'
import { COLUMNS } from './rows.ts'
import type { Source } from './source.ts'

/** Writes the messages into a keyspace whose tables exist. */
export interface Writer {
  readonly name: string
  write(cassandra: string, onLine: (line: string) => void): Promise<WriterResult>
}

export interface WriterResult extends Omit<Metered, 'output'> {
  /** Seconds from the first row to the last, as the writer reports them, without its start. */
  readonly copySeconds: number
}

export const MIGRATOR = 'the migrator'
export const SEQUENTIAL = 'one INSERT after the other'
export const COPY = 'cqlsh COPY FROM'
const IN_FLIGHT = 64
export const LOOP = `${IN_FLIGHT} INSERTs in flight`

const PROGRAM = fileURLToPath(new URL('./loop.ts', import.meta.url))

export const migratorWriter = (source: Source): Writer => ({
  name: MIGRATOR,
  async write(cassandra, onLine) {
    const { output, ...used } = await source.backfill(cassandra, onLine)
    return {
      ...used,
      copySeconds: reportedSeconds(output, /^backfill: [\d,]+ rows in ([\d.]+) s/m),
    }
  },
})

export const loopWriter = (source: Source, name: typeof SEQUENTIAL | typeof LOOP): Writer => ({
  name,
  async write(cassandra, onLine) {
    const inFlight = name === SEQUENTIAL ? 1 : IN_FLIGHT
    const args = [PROGRAM, source.mongodb, cassandra, String(source.bucketDays), String(inFlight)]
    const { output, ...used } = await meteredNode({ args, onLine })
    return { ...used, copySeconds: reportedSeconds(output, /^loop: \d+ rows in ([\d.]+) s/m) }
  },
})

/**
 * Copies both tables with cqlsh's default settings. A page finds no message whose bucket is missing
 * from `channel_buckets`.
 */
export function copyWriter(cqlsh: Cqlsh, { messages, buckets }: CsvExport): Writer {
  return {
    name: COPY,
    async write(cassandra, onLine) {
      const { contactPoints, port, keyspace, credentials } = parseCassandraUri(cassandra)
      const copies = [
        `COPY ${keyspace}.messages (${COLUMNS.join(', ')}) FROM '${messages}'`,
        `COPY ${keyspace}.channel_buckets (channel_id, bucket) FROM '${buckets}'`,
      ]
      const credentialArgs =
        credentials === undefined ? [] : ['-u', credentials.username, '-p', credentials.password]
      const args = [
        '--no-color',
        ...credentialArgs,
        '-e',
        copies.join('; '),
        contactPoints[0] ?? '',
        String(port),
      ]
      // cqlsh also exits with 2 if a batch timed out and succeeded on retry. The bench checks the
      // rows afterwards.
      const { output, ...used } = await meteredCqlsh(cqlsh, { args, mayEndWith: 2, onLine })
      const times = [
        ...output.matchAll(
          /rows imported from 1 files in (?:(\d+) days?, )?(?:(\d+) hours?, )?(?:(\d+) minutes?, and )?([\d.]+) seconds?/g,
        ),
      ]
      if (times.length !== copies.length)
        throw new Error(`COPY FROM did not report its end:\n${output.slice(-2_000)}`)
      const copySeconds = times.reduce(
        (sum, [, d = 0, h = 0, m = 0, s = 0]) =>
          sum + ((Number(d) * 24 + Number(h)) * 60 + Number(m)) * 60 + Number(s),
        0,
      )
      return { ...used, copySeconds }
    },
  }
}

/** Returns cqlsh, or why it is not available. The bench goes on without it. */
export async function findCqlsh(onProgress: OnProgress): Promise<Cqlsh | string> {
  try {
    return await installCqlsh(onProgress)
  } catch (error) {
    return messageOf(error).split('\n')[0] ?? ''
  }
}

function reportedSeconds(output: string, shape: RegExp): number {
  const seconds = Number(shape.exec(output)?.[1])
  if (Number.isNaN(seconds))
    throw new Error(`the writer did not report its duration:\n${output.slice(-2_000)}`)
  return seconds
}
