import { z } from 'zod'
import { loadReportSchema } from '../load/report.ts'
import { engineSampleSchema } from './engine-counters.ts'

/**
 * The stage during the measured load. A value is null if the stage did not answer because it was
 * killed, paused or overloaded.
 */
export const stageSampleSchema = z.object({
  cores: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  /** The longest gap of its event loop. */
  gapMaxMs: z.number().nullable(),
  /** Number of store operations by name. */
  operations: z.record(z.string(), z.number()).nullable(),
})
export type StageSample = z.infer<typeof stageSampleSchema>

const machineSampleSchema = z.object({
  loadAverage: z.number(),
  /**
   * CPU cores that neither the lab nor its processes used. Null if an engine is not a process of
   * the lab, or if the system does not report it.
   */
  othersCores: z.number().nullable(),
})

/** Everything that one trial measured. The lab's measures compute their figures from it. */
export const sampleSchema = z.object({
  arm: z.string(),
  round: z.int(),
  load: loadReportSchema,
  stage: stageSampleSchema,
  /** Missing if the engine did not answer. */
  engine: engineSampleSchema.optional(),
  machine: machineSampleSchema,
  /**
   * The most memory that the lab and its processes held together during the load, sampled every
   * second. Null if the system does not report it.
   */
  memoryPeakBytes: z.number().nullable(),
  faults: z.array(z.string()),
  /** Counts from the arm's intervention, by its own keys. */
  reported: z.record(z.string(), z.number()).optional(),
  raw: z.string(),
})
export type Sample = z.infer<typeof sampleSchema>

/** Names the arms for which the lab could not tell whether other programs disturbed them. */
export function caveatsOf(samples: readonly Sample[]): string[] {
  const arms = new Set(
    samples.filter(({ machine }) => machine.othersCores === null).map(({ arm }) => arm),
  )
  if (arms.size === 0) return []
  return [
    `whether other programs disturbed ${[...arms].join(', ')} is unknown: the lab can tell only on Linux, and only if it started the engines itself`,
  ]
}
