import { withCassandraClient } from '@threshold/engines'
import { MongoClient } from 'mongodb'
import { z } from 'zod'

export const engineSampleSchema = z.object({
  /** CPU cores that the engine used. Missing if its process is not on this machine. */
  cores: z.number().optional(),
  /** Increase of each of the engine's own counters. */
  counters: z.record(z.string(), z.number()),
})

/** Counters of WiredTiger's cache, by the names in MongoDB's `serverStatus`. */
const CACHE_COUNTERS = [
  'pages requested from the cache',
  'pages read into cache',
  'pages written from cache',
  'bytes read into cache',
] as const

/** Counters of Cassandra's chunk cache, which holds blocks of its data files. */
const CHUNKS_REQUESTED = 'chunks requested from the cache'
const CHUNKS_MISSED = 'chunks read into cache'
const PAGES_MISSED = 'pages read into cache' satisfies (typeof CACHE_COUNTERS)[number]

/**
 * Cache misses of the engine that stores messages: Cassandra if the stage uses it, else MongoDB.
 * NaN if the engine has no such counter.
 */
export const cacheMissesOf = (engine: z.infer<typeof engineSampleSchema> | undefined): number =>
  engine?.counters[CHUNKS_MISSED] ?? engine?.counters[PAGES_MISSED] ?? Number.NaN

/** Reads the counters from the engines themselves. */
export async function readEngineCounters({
  mongo,
  cassandra,
}: Uris): Promise<Record<string, number>> {
  if (cassandra === undefined) return await mongoCounters(mongo.uri)
  const [pages, chunks] = await Promise.all([
    mongoCounters(mongo.uri),
    cassandraCounters(cassandra.uri),
  ])
  // MongoDB's counters get a prefix, since its cache misses say nothing about messages here.
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
 * Reads the counters by CQL, which works with every provider, unlike nodetool. The counters are
 * those of the node that answers.
 */
async function cassandraCounters(uri: string): Promise<Record<string, number>> {
  const cql = "SELECT hit_count, request_count FROM system_views.caches WHERE name = 'chunks'"
  const row = (await withCassandraClient(uri, (client) => client.execute(cql))).first()
  if (row === null) return {}
  const requested = Number(row.request_count)
  return { [CHUNKS_REQUESTED]: requested, [CHUNKS_MISSED]: requested - Number(row.hit_count) }
}

/** Returns an empty object if the engine has no such counters. */
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

/** Computes the increase of each counter. A lower value means that the process was restarted. */
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
