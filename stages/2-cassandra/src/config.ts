import { environment as stage1, toConfig as toStage1Config } from '@threshold/stage-1/config'
import { integer, parseEnvironment } from '@threshold/stage-1/environment'
import { z } from 'zod'
import { cassandraAddress } from './cassandra/address.ts'

/** Stage 1's variables, and those of the message store. */
export const environment = stage1.extend({
  /** Names the keyspace in its path. */
  THRESHOLD_CASSANDRA_URI: z.string(),
  /**
   * The database on which messages begin, where there are none yet. `mongodb`: to be moved by
   * `threshold migrate`.
   */
  THRESHOLD_MESSAGES_ON: z.enum(['cassandra', 'mongodb']).default('cassandra'),
  /**
   * Discord's width, which kept a partition below 100 MB ("How Discord Stores Billions of
   * Messages", 2017). A hundred years means no buckets.
   */
  THRESHOLD_BUCKET_DAYS: integer(1, 36_500, 10),
  /** Copies of each row. Use 3 where there are three nodes. */
  THRESHOLD_REPLICATION: integer(1, 9, 1),
})

export type Config = ReturnType<typeof toConfig>

export const readConfig = (env: Record<string, string | undefined>): Config =>
  toConfig(parseEnvironment(environment, env, 'npx threshold stage 2 sets all of it for you'))

export function toConfig(env: z.output<typeof environment>) {
  const cassandra = {
    ...cassandraAddress(env.THRESHOLD_CASSANDRA_URI),
    replication: env.THRESHOLD_REPLICATION,
    bucketDays: env.THRESHOLD_BUCKET_DAYS,
  }
  return { ...toStage1Config(env), cassandra, startsOn: env.THRESHOLD_MESSAGES_ON }
}
