import { parseArgs } from 'node:util'
import { CodedError } from '@threshold/kit'
import { z } from 'zod'
import { cassandraAddress } from '../cassandra/address.ts'
import { STEPS } from './steps/index.ts'

const int = (least: number, most: number, otherwise: number) =>
  z.coerce.number().int().min(least).max(most).default(otherwise)

/** The databases as the stage is told of them; the rest on the command line. */
const shape = z.object({
  THRESHOLD_MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]+\/[^?]+/, 'must name a host and a database'),
  THRESHOLD_CASSANDRA_URI: z.string(),
  THRESHOLD_BUCKET_DAYS: int(1, 36_500, 10),
  THRESHOLD_REPLICATION: int(1, 9, 1),
  step: z.enum(STEPS),
  until: z
    .enum(['dual-write', 'backfill', 'verify', 'cutover', 'decommission'])
    .default('decommission'),
  rate: z.coerce.number().int().positive().optional(),
  concurrency: int(1, 64, 4),
  policy: z.enum(['queue', 'fail']).optional(),
  shadow: z.coerce.number().min(0).max(1).default(0.1),
  checkpoints: z.string().default('.threshold/migrations'),
})

const OPTIONS = ['until', 'rate', 'concurrency', 'policy', 'shadow', 'checkpoints'] as const

export function readMigrator(args: string[], env: Record<string, string | undefined>) {
  const options = Object.fromEntries(OPTIONS.map((name) => [name, { type: 'string' as const }]))
  const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
  const read = shape.safeParse({ ...env, ...values, step: positionals[0] })
  if (!read.success) {
    const wrong = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw new CodedError('BAD_CONFIG', wrong.join('; '), { next: 'npx threshold migrate --help' })
  }
  const { step, until, checkpoints: folder, rate, concurrency, policy, shadow, ...e } = read.data
  const cassandra = {
    ...cassandraAddress(e.THRESHOLD_CASSANDRA_URI),
    replication: e.THRESHOLD_REPLICATION,
  }
  const databases = {
    mongodb: { uri: e.THRESHOLD_MONGODB_URI },
    cassandra: { ...cassandra, bucketDays: e.THRESHOLD_BUCKET_DAYS },
  }
  return { step, until, config: { ...databases, folder, rate, concurrency, policy, shadow } }
}
