import { COLUMNS, openKeyspace, readRows } from './rows.ts'

/*
 * A script that a team writes in an afternoon: it reads rows and inserts them, with a fixed number
 * of inserts in flight. It keeps the original write times, as the migrator does. It has no
 * checkpoint, so an interrupted run starts from the beginning.
 */
const [mongodb = '', cassandra = '', bucketDays = '', inFlight = ''] = process.argv.slice(2)
const PROGRESS_INTERVAL = 5_000

await using keyspace = await openKeyspace(cassandra)
const { client, name } = keyspace
const insert = `INSERT INTO ${name}.messages (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')}) USING TIMESTAMP ?`
const open = `INSERT INTO ${name}.channel_buckets (channel_id, bucket) VALUES (?, ?)`
const opened = new Set<string>()
const rows = readRows(mongodb, Number(bucketDays))
let written = 0

async function insertRows(): Promise<void> {
  // Several loops share the generator, which serves them one after the other.
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
    if (written % PROGRESS_INTERVAL === 0) process.stdout.write(`${written} rows\n`)
  }
}

const began = performance.now()
await Promise.all(Array.from({ length: Number(inFlight) }, insertRows))
process.stdout.write(
  `loop: ${written} rows in ${((performance.now() - began) / 1_000).toFixed(3)} s\n`,
)
