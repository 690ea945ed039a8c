import { withCassandraClient } from '@threshold/engines'
import { MongoClient } from 'mongodb'
import { z } from 'zod'

export const engineSampleSchema = z.object({
  /** Of its process, where it is one of this machine's. */
  cores: z.number().optional(),
  /** How much each of the engine's own counters rose. */
  counters: z.record(z.string(), z.number()),
})

/**
 * Counters of WiredTiger's cache, by MongoDB's own names: pages asked for, and those that had to be
 * read from disk.
 */
const CACHE_COUNTERS = [
  'pages requested from the cache',
  'pages read into cache',
  'pages written from cache',
  'bytes read into cache',
] as const

/**
 * Of the cache that holds pieces of Cassandra's files: those asked for, and those that had to be
 * read from disk.
 */
const CHUNKS_ASKED = 'chunks requested from the cache'
const CHUNKS_MISSED = 'chunks read into cache'
const PAGES_MISSED = 'pages read into cache' satisfies (typeof CACHE_COUNTERS)[number]

/**
 * Of the engine that holds the messages: Cassandra where there is one. Unknown where it has no such
 * counter.
 */
export const cacheMissesOf = (engine: z.infer<typeof engineSampleSchema> | undefined): number =>
  engine?.counters[CHUNKS_MISSED] ?? engine?.counters[PAGES_MISSED] ?? Number.NaN

/** Asks the engines themselves, so that no figure on them is an estimate from outside. */
export async function readEngineCounters({
  mongo,
  cassandra,
}: Uris): Promise<Record<string, number>> {
  if (cassandra === undefined) return await mongoCounters(mongo.uri)
  const [pages, chunks] = await Promise.all([
    mongoCounters(mongo.uri),
    cassandraCounters(cassandra.uri),
  ])
  // Named apart: where messages are on Cassandra, what MongoDB reads says nothing of them.
  return {
    ...Object.fromEntries(
      Object.entries(pages).map(([name, value]) => [`MongoDB's ${name}`, value]),
    ),
    ...chunks,
  }
}

interface Uris {
  readonly mongo: { readonly uri: string }
  readonly cassandra: { readonly uri: string } | undefined
}

/**
 * By CQL and not by nodetool, so that it works with an engine of whatever provider. Of one node:
 * the one that answers.
 */
async function cassandraCounters(uri: string): Promise<Record<string, number>> {
  const cql = "SELECT hit_count, request_count FROM system_views.caches WHERE name = 'chunks'"
  const row = (await withCassandraClient(uri, (client) => client.execute(cql))).first()
  if (row === null) return {}
  const asked = Number(row.request_count)
  return { [CHUNKS_ASKED]: asked, [CHUNKS_MISSED]: asked - Number(row.hit_count) }
}

/** Empty where it has no such counters. */
async function mongoCounters(uri: string): Promise<Record<string, number>> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: 2_000,
    socketTimeoutMS: 5_000,
    maxPoolSize: 1,
  })
  try {
    const status = await client.db('admin').command({ serverStatus: 1 })
    const cache: Record<string, unknown> = status.wiredTiger?.cache ?? {}
    return Object.fromEntries(
      CACHE_COUNTERS.flatMap((name) =>
        Number.isFinite(Number(cache[name])) ? [[name, Number(cache[name])]] : [],
      ),
    )
  } finally {
    await client.close(true)
  }
}

/** A counter that is lower than before began anew: its process was restarted in between. */
export const counterIncrease = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, value]) => {
      const start = before[name] ?? 0
      return [name, value < start ? value : value - start]
    }),
  )
