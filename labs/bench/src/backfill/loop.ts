import { COLUMNS, openKeyspace, readRows } from './rows.ts'

/*
 * What a team writes in an afternoon: read a row, insert it, with as many on their way as it was
 * told. It has no checkpoint, and what it was doing when it ends is done again from the beginning.
 * Its rows have the write times that they came with, as the migrator's.
 */
const [mongodb = '', cassandra = '', bucketDays = '', inFlight = ''] = process.argv.slice(2)
const TOLD_EVERY = 5_000

await using keyspace = await openKeyspace(cassandra)
const { client, name } = keyspace
const insert = `INSERT INTO ${name}.messages (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP ?`
const open = `INSERT INTO ${name}.channel_buckets (channel_id, bucket) VALUES (?, ?)`
const opened = new Set<string>()
const rows = readRows(mongodb, Number(bucketDays))
let written = 0

async function some(): Promise<void> {
  // Several may ask: the generator answers them one after the other.
  for (;;) {
    const { value: row, done } = await rows.next()
    if (done === true) return
    const [channel, bucket, , , , , writeTime] = row
    if (!opened.has(`${channel}:${bucket}`)) {
      opened.add(`${channel}:${bucket}`)
      await client.execute(open, [channel, bucket], { prepare: true })
    }
    await client.execute(insert, [...row, writeTime], { prepare: true })
    written += 1
    if (written % TOLD_EVERY === 0) process.stdout.write(`${written} rows\n`)
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(inFlight) }, some))
process.stdout.write(
  `loop: ${written} rows in ${((performance.now() - began) / 1_000).toFixed(3)} s\n`,
)
