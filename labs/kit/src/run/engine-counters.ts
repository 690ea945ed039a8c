import { MongoClient } from 'mongodb'
import { z } from 'zod'

export const engineSampleSchema = z.object({
  /** Of its process, where it is one of this machine's. */
  cores: z.number().optional(),
  /** How much each of the engine's own counters rose. */
  counters: z.record(z.string(), z.number()),
})

/** Counters of WiredTiger's cache, by MongoDB's own names: pages asked for, and those that had to be read from disk. */
const CACHE_COUNTERS = [
  'pages requested from the cache',
  'pages read into cache',
  'pages written from cache',
  'bytes read into cache',
] as const

/** Asks the engine itself, so that no figure on it is an estimate from outside. Empty where it has no such counters. */
export async function readEngineCounters(uri: string): Promise<Record<string, number>> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000, socketTimeoutMS: 5_000, maxPoolSize: 1 })
  try {
    const status = await client.db('admin').command({ serverStatus: 1 })
    const cache: Record<string, unknown> = status.wiredTiger?.cache ?? {}
    return Object.fromEntries(CACHE_COUNTERS.flatMap((name) => (Number.isFinite(Number(cache[name])) ? [[name, Number(cache[name])]] : [])))
  } finally {
    await client.close(true)
  }
}

/** A counter that is lower than before began anew: its process was restarted in between. */
export const risen = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    Object.entries(after).map(([name, value]) => {
      const start = before[name] ?? 0
      return [name, value < start ? value : value - start]
    }),
  )
