import { appendFile, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { outputFolder } from './context.ts'

/** The learner's progress on this machine. `reset` keeps it; only `progress export` shares it. */
export const PROGRESS_FILE = 'progress.jsonl'

const base = { v: z.literal(1), at: z.iso.datetime(), lab: z.string() }

const entrySchema = z.discriminatedUnion('kind', [
  z.object({
    ...base,
    /** A run of a lab, or a recorded run that was played. */
    kind: z.literal('ran'),
    size: z.enum(['tiny', 'quick', 'full']),
    verdict: z.enum(['supported', 'refuted', 'inconclusive', 'could-not-run', 'none']),
    recorded: z.boolean(),
    control: z.boolean(),
    demo: z.boolean(),
    /** One answer for each question, null for one that was passed. Missing if none was asked. */
    answers: z.array(z.number().nullable()).optional(),
    reason: z.string().optional(),
    scores: z.array(z.string()),
    /** The folder of the evidence. It may have been deleted since. */
    evidence: z.string(),
  }),
  /** The learner's explanation after a run. */
  z.object({ ...base, kind: z.literal('explained'), text: z.string() }),
  z.object({ ...base, kind: z.literal('hint'), level: z.int().min(1).max(3) }),
])
export type ProgressEntry = z.infer<typeof entrySchema>

type WithoutTime<E> = E extends unknown ? Omit<E, 'v' | 'at'> : never

export const progressFile = (env?: NodeJS.ProcessEnv): string =>
  join(outputFolder(env), PROGRESS_FILE)

/** Appends one line. Nothing is ever rewritten. */
export async function appendProgress(
  entry: WithoutTime<ProgressEntry>,
  file = progressFile(),
): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
  const line = JSON.stringify({ v: 1, at: new Date().toISOString(), ...entry })
  await appendFile(file, `${line}\n`)
}

/** Returns all entries, oldest first, without lines that cannot be read, such as a torn last one. */
export async function readProgress(file = progressFile()): Promise<ProgressEntry[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => entrySchema.safeParse(parse(line)).data ?? [])
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
