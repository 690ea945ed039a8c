import { z } from 'zod'
import { loadReportSchema } from '../load/report.ts'
import { engineSampleSchema } from './engine-counters.ts'

/** The stage over the seconds that counted. Null: it could not be asked, being killed, paused or swamped. */
export const stageSampleSchema = z.object({
  cores: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  /** The longest its event loop stood still. */
  gapMaxMs: z.number().nullable(),
  /** What it asked of its stores, by operation. */
  operations: z.record(z.string(), z.number()).nullable(),
})
export type StageSample = z.infer<typeof stageSampleSchema>

const machineSampleSchema = z.object({
  loadAverage: z.number(),
  /** CPU that neither the stage, its engine, the generator nor the lab used; null where the system does not say which process used what. */
  othersCores: z.number().nullable(),
})

/** All that one visit of one arm left behind: what measures read their figures from. */
export const sampleSchema = z.object({
  arm: z.string(),
  round: z.int(),
  load: loadReportSchema,
  stage: stageSampleSchema,
  /** Undefined when it could not be asked. */
  engine: engineSampleSchema.optional(),
  machine: machineSampleSchema,
  faults: z.array(z.string()),
  /** What the arm's deed counted, by its own names. */
  told: z.record(z.string(), z.number()).optional(),
  raw: z.string(),
})
export type Sample = z.infer<typeof sampleSchema>
