import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const stageSchema = z.strictObject({
  v: z.literal(1),
  stage: z.int().positive(),
  title: z.string(),
  previous: z.int().positive().nullable(),
  engines: z.array(z.enum(['mongodb', 'cassandra', 'scylladb', 'nats', 'opensearch'])),
  adds: z.array(z.string()),
  replaces: z.array(z.string()),
  removes: z.array(z.string()),
  givesUp: z.array(z.string()),
  capabilities: z.array(z.string()),
})

/** What a stage says of itself, and where it lives. */
export type StageInfo = z.output<typeof stageSchema> & { readonly dir: string }

export const REPOSITORY = fileURLToPath(new URL('../../../..', import.meta.url))

/** All stages of the repository, in their order. A stage.json that is not one is an error and not a stage fewer. */
export async function listStages(repository: string = REPOSITORY): Promise<StageInfo[]> {
  const names = (await readdir(join(repository, 'stages'))).filter((name) => /^[0-9]+-/.test(name))
  const stages = await Promise.all(
    names.map(async (name) => {
      const dir = join(repository, 'stages', name)
      return { ...stageSchema.parse(JSON.parse(await readFile(join(dir, 'stage.json'), 'utf8'))), dir }
    }),
  )
  return stages.sort((a, b) => a.stage - b.stage)
}
