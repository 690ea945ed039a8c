import { parseArgs } from 'node:util'
import { FORWARD_STEPS, STEPS } from '@threshold/migration/transitions'
import { integer, parseEnvironment } from '@threshold/stage-1/environment'
import { z } from 'zod'
import { cassandraAddress } from '../cassandra/address.ts'

/** The databases from the environment, as the stage gets them; the rest from the command line. */
const schema = z.object({
  THRESHOLD_MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/, 'must name a host and a database'),
  THRESHOLD_CASSANDRA_URI: z.string(),
  THRESHOLD_BUCKET_DAYS: integer(1, 36_500, 10),
  THRESHOLD_REPLICATION: integer(1, 9, 1),
  step: z.enum(STEPS),
  until: z.enum(FORWARD_STEPS).default('decommission'),
  rate: z.coerce.number().int().positive().optional(),
  concurrency: integer(1, 64, 4),
  policy: z.enum(['queue', 'fail']).optional(),
  shadow: z.coerce.number().min(0).max(1).default(0.1),
  checkpoints: z.string().default('.threshold/migrations'),
})

const OPTIONS = ['until', 'rate', 'concurrency', 'policy', 'shadow', 'checkpoints'] as const

export function readMigrator(args: string[], env: Record<string, string | undefined>) {
  const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' as const }]))
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const input = { ...env, ...values, step: positionals[0] }
  const parsed = parseEnvironment(schema, input, 'npx threshold migrate --help')
  const { step, until, checkpoints: folder, rate, concurrency, policy, shadow, ...e } = parsed
  const cassandra = {
    ...cassandraAddress(e.THRESHOLD_CASSANDRA_URI),
    replication: e.THRESHOLD_REPLICATION,
    bucketDays: e.THRESHOLD_BUCKET_DAYS,
  }
  const mongodb = { uri: e.THRESHOLD_MONGODB_URI }
  const config = { mongodb, cassandra, folder, rate, concurrency, policy, shadow }
  return { step, until, config }
}
