import { environment as stage1, toConfig } from '@threshold/stage-1/config'
import { integer, parseEnvironment } from '@threshold/stage-1/environment'
import { z } from 'zod'
import { cassandraAddress } from './cassandra/address.ts'

/** Adds to stage 1's variables where and how messages are kept. */
const environment = stage1.extend({
  /** With the keyspace in its path. */
  THRESHOLD_CASSANDRA_URI: z.string(),
  /**
   * Where messages are in databases that have none yet: on MongoDB they are to be moved from there
   * (`threshold migrate`).
   */
  THRESHOLD_MESSAGES_ON: z.enum(['cassandra', 'mongodb']).default('cassandra'),
  /**
   * Discord's width: a partition stayed below 100 MB ("How Discord Stores Billions of Messages",
   * 2017). A hundred years is none at all.
   */
  THRESHOLD_BUCKET_DAYS: integer(1, 36_500, 10),
  /** Copies of each row; 3 where there are three nodes. */
  THRESHOLD_REPLICATION: integer(1, 9, 1),
})

export type Config = ReturnType<typeof readConfig>

export function readConfig(env: Record<string, string | undefined>) {
  const e = parseEnvironment(environment, env, 'npx threshold stage 2 sets all of it for you')
  const cassandra = {
    ...cassandraAddress(e.THRESHOLD_CASSANDRA_URI),
    replication: e.THRESHOLD_REPLICATION,
    bucketDays: e.THRESHOLD_BUCKET_DAYS,
  }
  return { ...toConfig(e), cassandra, startsOn: e.THRESHOLD_MESSAGES_ON }
}
