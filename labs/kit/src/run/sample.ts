import { z } from 'zod'
import { loadReportSchema } from '../load/report.ts'
import { engineSampleSchema } from './engine-counters.ts'

/**
 * The stage over the seconds that counted. Null: it could not be asked, being killed, paused or
 * swamped.
 */
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
  /**
   * CPU that neither the lab used nor anything it started; null where an engine is not among that,
   * or the system does not say.
   */
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
  reported: z.record(z.string(), z.number()).optional(),
  raw: z.string(),
})
export type Sample = z.infer<typeof sampleSchema>

/**
 * What a reader should know before trusting these figures: nobody saw a disturbance there, and
 * nobody could have.
 */
export function caveatsOf(samples: readonly Sample[]): string[] {
  const arms = new Set(
    samples.filter(({ machine }) => machine.othersCores === null).map(({ arm }) => arm),
  )
  if (arms.size === 0) return []
  return [
    `whether other programs disturbed ${[...arms].join(', ')} could not be told: what they used is known only beside engines started here, on Linux`,
  ]
}
