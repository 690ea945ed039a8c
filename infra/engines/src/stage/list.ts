import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CodedError, messageOf } from '@threshold/kit'
import { z } from 'zod'

const stageSchema = z.strictObject({
  v: z.literal(1),
  stage: z.int().positive(),
  title: z.string(),
  previous: z.int().positive().nullable(),
  /** Its kinds of processes with their usual number. Absent: the stage is one process. */
  roles: z.record(z.string(), z.int().positive()).optional(),
  engines: z.array(z.enum(['mongodb', 'cassandra', 'scylladb', 'nats', 'opensearch'])),
  adds: z.array(z.string()),
  replaces: z.array(z.string()),
  removes: z.array(z.string()),
  givesUp: z.array(z.string()),
  capabilities: z.array(z.string()),
})

/** The contents of a stage.json, and the folder of the stage. */
export type StageInfo = z.output<typeof stageSchema> & { readonly dir: string }

export const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))

/** All stages of the repository in order. Throws BAD_STAGE_JSON if a stage.json is not valid. */
export async function listStages(repository: string = REPOSITORY): Promise<StageInfo[]> {
  const names = (await readdir(join(repository, 'stages'))).filter((name) => /^[0-9]+-/.test(name))
  const stages = await Promise.all(
    names.map(async (name) => {
      const dir = join(repository, 'stages', name)
      return { ...(await readStageJson(join(dir, 'stage.json'))), dir }
    }),
  )
  return stages.sort((a, b) => a.stage - b.stage)
}

async function readStageJson(path: string): Promise<z.output<typeof stageSchema>> {
  try {
    return stageSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error)
    throw new CodedError('BAD_STAGE_JSON', `${path}: ${why}`, {
      cause: error,
      next: 'npx threshold stages check --help',
    })
  }
}
