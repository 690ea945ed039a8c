import { z } from 'zod'
import { SCORES } from '../predict/score.ts'
import { busyProgramSchema } from '../run/busiest.ts'
import { environmentSchema } from '../run/environment.ts'
import { sampleSchema } from '../run/sample.ts'
import { VERDICTS } from '../verdict.ts'

const unit = z.enum(['count', 'share', 'ratio', 'ms', 's', 'bytes', 'cores'])

const statementSchema = z.object({
  figure: z.string(),
  unit,
  relation: z.enum(['is', 'at most', 'at least']),
  threshold: z.number(),
  /** Null if the figure could not be measured. */
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
  /** The arm's name for readers. */
  title: z.string(),
  /** The hypothesis says that the stage breaks in this arm. */
  breaks: z.boolean(),
  /** Whether the stage broke or held, by the assertions about the arm. */
  status: z.enum(['broke', 'held', 'unknown']),
  stage: z.int(),
  stageTitle: z.string(),
  /** Description for the reader, as are `fault` and `intervention`. */
  load: z.string(),
  messagesPerSecond: z.number(),
  online: z.number(),
  fault: z.string().optional(),
  intervention: z.string().optional(),
  env: z.record(z.string(), z.string()),
  /** Missing if the arm's engine was not started. The page shows no figure without it. */
  engine: engineSchema.optional(),
  context: z.boolean(),
})
export type ArmReport = z.infer<typeof armSchema>

/**
 * Format of report.json. It is raised whenever a field changes, and reports of other versions are
 * not compared with.
 */
export const VERSION = 3

const questionSchema = z.object({
  text: z.string(),
  unit,
  range: z.tuple([z.number(), z.number()]),
  neutral: z.number(),
  /** The name of the figure that answers the question. */
  figure: z.string(),
  /** The measured answer, from the last round. Null if it was not measured. */
  value: z.number().nullable(),
  wrongAnswers: z.array(
    z.object({ answer: z.tuple([z.number(), z.number()]), reveals: z.string() }),
  ),
})
export type QuestionReport = z.infer<typeof questionSchema>

/** The first screen. */
const headlineSchema = z.object({
  /** The claim in its own figures, from the last round. Null if nothing was measured. */
  sentence: z.string().nullable(),
  why: z.string(),
  code: z.object({ file: z.string(), line: z.int(), text: z.string() }),
  /** The figures of the first picture. */
  figures: z.array(z.string()),
  charts: z.array(z.string()),
})

/** The complete result of a run. The HTML page is rendered from this alone. */
export const reportSchema = z.object({
  v: z.literal(VERSION),
  lab: z.object({
    id: z.string(),
    title: z.string(),
    question: z.string(),
    hypothesis: z.string(),
    /** Hash of what the lab measures. It does not change with the lab's wording. */
    definition: z.string(),
  }),
  size: z.enum(['tiny', 'quick', 'full']),
  /** Set for a run of the negative control: the text that says what it changes. */
  control: z.string().optional(),
  startedAt: z.string(),
  seconds: z.number(),
  environment: environmentSchema,
  stages: z.array(
    z.object({ stage: z.int(), title: z.string(), tree: z.string(), files: z.int() }),
  ),
  headline: headlineSchema,
  questions: z.array(questionSchema),
  prediction: z.object({
    /** One answer for each question, null for one that was passed. Missing if none was asked. */
    answers: z.array(z.number().nullable()).optional(),
    reason: z.string().optional(),
    scores: z.array(z.enum(SCORES)),
    /** One line that compares prediction and outcome. */
    line: z.string(),
  }),
  /** The lab that follows this one. */
  next: z.object({ id: z.string(), title: z.string(), command: z.string() }).nullable(),
  /** A demonstration runs on any machine and has no verdict. */
  demo: z.boolean(),
  /** A recorded run that was played. It was not measured on this machine. */
  recorded: z.boolean(),
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
  /** Trials that were rejected, and why. The decision does not look at the expectations. */
  discarded: z.array(z.object({ arm: z.string(), round: z.int(), reason: z.string() })),
  verdict: z.enum(VERDICTS),
  reasons: z.array(z.string()),
  /** The commands that help after a lab could not run. Null if it ran. */
  nextStep: z.string().nullable().default(null),
  /** The programs that kept the machine too busy for the lab, busiest first. */
  busiest: z.array(busyProgramSchema).default([]),
  /** Why no engine was started. Null if one was. */
  noEngine: z.string().nullable().default(null),
  /** Conclusions that the lab draws from the figures, beside the verdict. */
  notes: z.array(z.string()).default([]),
  rerun: z.string(),
})
export type Report = z.infer<typeof reportSchema>

/** The run that a report is compared with, or a note that says why it cannot be. */
export interface PreviousRun {
  readonly report?: Report
  readonly note?: string
}
