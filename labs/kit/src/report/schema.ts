import { z } from 'zod'
import { environmentSchema } from '../run/environment.ts'
import { sampleSchema } from '../run/sample.ts'

const unit = z.enum(['count', 'share', 'ratio', 'ms', 's', 'bytes', 'cores'])

const statementSchema = z.object({
  figure: z.string(),
  unit,
  relation: z.enum(['is', 'at most', 'at least']),
  threshold: z.number(),
  /** Null when there was nothing to measure. */
  value: z.number().nullable(),
  outcome: z.enum(['holds', 'fails', 'unknown']),
})

const engineSchema = z.object({
  product: z.string(),
  version: z.string(),
  provider: z.enum(['external', 'docker', 'native']),
  standIn: z.string().optional(),
  text: z.string(),
})

const armSchema = z.object({
  name: z.string(),
  stage: z.int(),
  stageTitle: z.string(),
  /** In words. */
  load: z.string(),
  messagesPerSecond: z.number(),
  online: z.number(),
  fault: z.string().optional(),
  /** What was done beside the load, in words. */
  intervention: z.string().optional(),
  env: z.record(z.string(), z.string()),
  /** Set once the arm's engine runs; no figure is shown without it. */
  engine: engineSchema.optional(),
  context: z.boolean(),
})
export type ArmReport = z.infer<typeof armSchema>

/**
 * Everything a run says, for programs. The page for people is drawn from this and from nothing
 * else.
 */
export const reportSchema = z.object({
  v: z.literal(2),
  lab: z.object({
    id: z.string(),
    title: z.string(),
    question: z.string(),
    hypothesis: z.string(),
  }),
  size: z.enum(['tiny', 'quick', 'full']),
  /** The lab's wrong twin: it was run in order to be refuted. In words, what was wrong. */
  control: z.string().optional(),
  startedAt: z.string(),
  seconds: z.number(),
  environment: environmentSchema,
  stages: z.array(
    z.object({ stage: z.int(), title: z.string(), tree: z.string(), files: z.int() }),
  ),
  prediction: z.object({ said: z.string().optional(), line: z.string() }),
  arms: z.array(armSchema),
  measures: z.array(z.object({ name: z.string(), unit, text: z.string() })),
  thresholds: z.array(
    z.object({
      arm: z.string(),
      text: z.string(),
      figure: z.string(),
      unit,
      threshold: z.number(),
    }),
  ),
  figures: z.array(
    z.object({
      arm: z.string(),
      round: z.int(),
      figure: z.string(),
      unit,
      value: z.number().nullable(),
    }),
  ),
  findings: z.array(z.object({ arm: z.string(), round: z.int(), assertion: statementSchema })),
  samples: z.array(sampleSchema),
  /** Visits that do not count, and why; decided without a look at what is claimed. */
  discarded: z.array(z.object({ arm: z.string(), round: z.int(), why: z.string() })),
  verdict: z.enum(['supported', 'refuted', 'inconclusive', 'could-not-run']),
  reasons: z.array(z.string()),
  /** What a team should take home beside the verdict. */
  notes: z.array(z.string()).default([]),
  rerun: z.string(),
})
export type Report = z.infer<typeof reportSchema>
