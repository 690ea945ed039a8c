import { setTimeout as delay } from 'node:timers/promises'
import {
  type Api,
  type CassandraRow,
  createApi,
  type FixtureGuild,
  type Intervention,
  queryKeyspace,
  retryWhileBusy,
} from '@threshold/lab-kit'
import pLimit from 'p-limit'

export const REPORTED = {
  deleted: 'deleted messages',
  pageBefore: 'ms per page before the deletes, p10',
  pageAfter: 'ms per page after the deletes, p10',
  firstPageAfter: 'ms for the first page after the deletes',
  tombstonesScanned: 'most tombstones that one read scanned',
  emptyPartitionsRead: 'partitions with nothing but tombstones that a page still reads',
} as const

const PAGES = 40
/** Pause between pages, so that a garbage collection or a compaction delays only a few of them. */
const PAGE_INTERVAL_MS = 50
const BULK_DELETE_SIZE = 100
const DELETE_CONCURRENCY = 4
/** A busy stage is asked again for this long, except for the pages that are timed. */
const BUSY_WITHIN_MS = 30_000
const KEPT_SHARE = 0.05
/**
 * The stage marks an empty bucket only after every process that opened it can no longer write to
 * it. This is how long the lab waits for the marks.
 */
const MARKS_TIMEOUT_MS = 40_000

/** Deletes most of a flooded channel, as a moderator would, and reads its latest page again. */
export const clearChannel: Intervention = {
  text: 'the newest 95% of a channel are deleted, and its latest page is read repeatedly',
  consumesFixture: true,
  async run({ stage, cassandra, guilds, log }) {
    const guild = guilds.find(({ group }) => group === 'cleared')!
    const channel = guild.channels[0]!
    const { token } = guild.members[0]!
    await using api = createApi(stage.url)
    const read = (query = ''): Promise<{ id: string }[]> => readPage(api, guild, query)
    const retry = retryWhileBusy({ withinMs: BUSY_WITHIN_MS })
    const before = await timePages(read)
    const ids = await allIds((query) => retry('return a page', () => read(query)))
    const deleted = ids.slice(0, Math.floor(ids.length * (1 - KEPT_SHARE)))
    log(`deleting ${deleted.length} of ${ids.length} messages`)
    const batches = Array.from({ length: Math.ceil(deleted.length / BULK_DELETE_SIZE) }, (_, n) =>
      deleted.slice(n * BULK_DELETE_SIZE, (n + 1) * BULK_DELETE_SIZE),
    )
    await pLimit(DELETE_CONCURRENCY).map(batches, (messages) =>
      // Deleting a deleted message has no effect.
      retry('delete messages', () =>
        api.call('POST', `/api/v10/channels/${channel}/messages/bulk-delete`, token, { messages }),
      ),
    )

    const [firstPageAfter = 0] = await timePages(read, 1)
    // Read the counter before the lab's own queries, which scan all tombstones.
    const tombstonesScanned = await queryKeyspace(cassandra, async (keyspace, rows) => {
      const cql =
        "SELECT max FROM system_views.tombstones_per_read WHERE keyspace_name = ? AND table_name = 'messages'"
      const [row] = await rows(cql, [keyspace])
      return Number(row?.max)
    })
    const countUnmarked = () =>
      queryKeyspace(cassandra, (keyspace, rows) => emptyPartitionsRead(channel, keyspace, rows))
    const until = Date.now() + MARKS_TIMEOUT_MS
    // The current bucket is never skipped, so one unmarked partition remains.
    while ((await countUnmarked()) > 1 && Date.now() < until) {
      await read()
      await delay(500)
    }
    return {
      [REPORTED.deleted]: deleted.length,
      [REPORTED.pageBefore]: fastestTenth(before),
      [REPORTED.firstPageAfter]: firstPageAfter,
      [REPORTED.pageAfter]: fastestTenth(await timePages(read)),
      [REPORTED.tombstonesScanned]: tombstonesScanned,
      [REPORTED.emptyPartitionsRead]: await countUnmarked(),
    }
  },
}

/** Counts the partitions without rows that are not marked as empty. A page reads each of them. */
async function emptyPartitionsRead(
  channel: string,
  keyspace: string,
  rows: (cql: string, values?: readonly unknown[]) => Promise<CassandraRow[]>,
): Promise<number> {
  const buckets = await rows(
    `SELECT bucket, emptied FROM ${keyspace}.channel_buckets WHERE channel_id = ?`,
    [channel],
  )
  const partitions = await rows(
    `SELECT bucket FROM ${keyspace}.messages WHERE channel_id = ? GROUP BY channel_id, bucket ALLOW FILTERING`,
    [channel],
  )
  const nonEmpty = new Set(partitions.map(({ bucket }) => bucket))
  return buckets.filter(({ bucket, emptied }) => emptied !== true && !nonEmpty.has(bucket)).length
}

const readPage = async (
  api: Api,
  { channels, members }: FixtureGuild,
  query: string,
): Promise<{ id: string }[]> =>
  (await api.call(
    'GET',
    `/api/v10/channels/${channels[0]}/messages?limit=50${query}`,
    members[0]!.token,
  )) as { id: string }[]

/** Returns all ids of the channel, newest first. */
async function allIds(read: (query: string) => Promise<{ id: string }[]>): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const page = await read(ids.length === 0 ? '' : `&before=${ids.at(-1)}`)
    if (page.length === 0) return ids
    ids.push(...page.map(({ id }) => id))
  }
}

/** Reads the latest page repeatedly and returns the time of each read in milliseconds. */
async function timePages(read: () => Promise<unknown>, pages = PAGES): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < pages; n++) {
    const from = performance.now()
    await read()
    times.push(performance.now() - from)
    await delay(PAGE_INTERVAL_MS)
  }
  return times
}

/**
 * Returns the 10th percentile. Other work of the machine only lengthens a read, while tombstones
 * lengthen every read.
 */
const fastestTenth = (times: readonly number[]): number =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 10)] ?? Number.NaN
