import { setTimeout as delay } from 'node:timers/promises'
import {
  type Api,
  type CassandraRow,
  createApi,
  type FixtureGuild,
  type Intervention,
  queryKeyspace,
} from '@threshold/lab-kit'

export const REPORTED = {
  deleted: 'messages deleted',
  before: 'ms for a page before the deletes, p10',
  after: 'ms for a page after them, p10',
  first: 'ms for the first page after them',
  metByDeepest: 'tombstones that the deepest read stepped over',
  askedInVain: 'partitions with nothing but tombstones in them that a page still asks',
} as const

const PAGES = 40
/**
 * Between two pages: a collection or a compaction of some tenths of a second then spoils few of
 * them.
 */
const APART_MS = 50
const DELETED_TOGETHER = 100
const AT_ONCE = 4
const KEPT_SHARE = 0.05
/** Marks count once whoever opened the bucket can no longer be about to write. */
const SETTLES_WITHIN_MS = 40_000

/**
 * What a moderator does with a channel that was flooded: the newest 95% go, and people look into it
 * again.
 */
export const clearChannel: Intervention = {
  text: 'the newest 95% of a channel are deleted, and its latest page is read again and again',
  consumesFixture: true,
  async run({ stage, cassandra, guilds, log: say }) {
    const guild = guilds.find(({ group }) => group === 'cleared')!
    const channel = guild.channels[0]!
    await using api = createApi(stage.url)
    const read = (query = ''): Promise<{ id: string }[]> => readPage(api, guild, query)
    const before = await timed(read)
    const ids = await allIds(read)
    const gone = ids.slice(0, Math.floor(ids.length * (1 - KEPT_SHARE)))
    say(`${gone.length} of ${ids.length} messages are deleted`)
    const batches = Array.from({ length: Math.ceil(gone.length / DELETED_TOGETHER) }, (_, n) =>
      gone.slice(n * DELETED_TOGETHER, (n + 1) * DELETED_TOGETHER),
    ).values()
    const remove = async (): Promise<void> => {
      for (const messages of batches)
        await api.call(
          'POST',
          `/api/v10/channels/${channel}/messages/bulk-delete`,
          guild.members[0]!.token,
          { messages },
        )
    }
    await Promise.all(Array.from({ length: AT_ONCE }, remove))

    const [first = 0] = await timed(read, 1)
    // Asked before this lab looks for itself: its own look steps over all of them.
    const met = await queryKeyspace(cassandra, async (keyspace, rows) => {
      const cql =
        "SELECT max FROM system_views.tombstones_per_read WHERE keyspace_name = ? AND table_name = 'messages'"
      const [row] = await rows(cql, [keyspace])
      return Number(row?.max)
    })
    const unmarked = () =>
      queryKeyspace(cassandra, (keyspace, rows) => emptyPartitionsRead(channel, keyspace, rows))
    const until = Date.now() + SETTLES_WITHIN_MS
    // The present bucket is never passed by.
    while ((await unmarked()) > 1 && Date.now() < until) {
      await read()
      await delay(500)
    }
    return {
      [REPORTED.deleted]: gone.length,
      [REPORTED.before]: fastestTenth(before),
      [REPORTED.first]: first,
      [REPORTED.after]: fastestTenth(await timed(read)),
      [REPORTED.metByDeepest]: met,
      [REPORTED.askedInVain]: await unmarked(),
    }
  },
}

/** Partitions in which nothing is left, that a page would ask nevertheless. */
async function emptyPartitionsRead(
  channel: string,
  keyspace: string,
  rows: (cql: string, values?: readonly unknown[]) => Promise<CassandraRow[]>,
): Promise<number> {
  const asked = await rows(
    `SELECT bucket, emptied FROM ${keyspace}.channel_buckets WHERE channel_id = ?`,
    [channel],
  )
  const held = await rows(
    `SELECT bucket FROM ${keyspace}.messages WHERE channel_id = ? GROUP BY channel_id, bucket ALLOW FILTERING`,
    [channel],
  )
  const full = new Set(held.map(({ bucket }) => bucket))
  return asked.filter(({ bucket, emptied }) => emptied !== true && !full.has(bucket)).length
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

/** Newest first. */
async function allIds(read: (query: string) => Promise<{ id: string }[]>): Promise<string[]> {
  const ids: string[] = []
  for (;;) {
    const found = await read(ids.length === 0 ? '' : `&before=${ids.at(-1)}`)
    if (found.length === 0) return ids
    ids.push(...found.map(({ id }) => id))
  }
}

async function timed(read: () => Promise<unknown>, times = PAGES): Promise<number[]> {
  const took: number[] = []
  for (let n = 0; n < times; n++) {
    const from = performance.now()
    await read()
    took.push(performance.now() - from)
    await delay(APART_MS)
  }
  return took
}

/**
 * Of the quickest tenth the slowest. What else a machine does only adds to a page; the tombstones
 * are in each.
 */
const fastestTenth = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] ?? Number.NaN
