import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { readRows } from './rows.ts'

/** The files for COPY FROM, which cannot read from MongoDB. */
export interface CsvExport {
  readonly messages: string
  readonly buckets: string
  /** Duration of the export. */
  readonly seconds: number
}

export async function exportCsv(
  mongodb: string,
  bucketDays: number,
  folder: string,
): Promise<CsvExport> {
  const began = performance.now()
  const messages = join(folder, 'messages.csv')
  const buckets = join(folder, 'channel_buckets.csv')
  const seen = new Set<string>()
  async function* lines(): AsyncGenerator<string> {
    for await (const row of readRows(mongodb, bucketDays)) {
      seen.add(`${row[0]},${row[1]}`)
      yield `${row.map(cell).join(',')}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(messages))
  await pipeline(Readable.from([...seen].map((line) => `${line}\n`)), createWriteStream(buckets))
  return { messages, buckets, seconds: (performance.now() - began) / 1_000 }
}

/**
 * Formats a value as cqlsh reads it by default: quoted, with backslashes before special characters.
 */
const cell = (value: unknown): string =>
  typeof value === 'string' ? `"${value.replaceAll(/[\\"]/g, '\\$&')}"` : String(value)
