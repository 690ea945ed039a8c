import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isAlive } from '../process/identity.ts'
import { entryDir, listEntries } from '../registry/registry.ts'

/**
 * A file in the folder of a stage's registration, with its URL and the addresses of its databases.
 */
export const ADDRESSES = 'addresses.json'

const addressesSchema = z.strictObject({
  v: z.literal(1),
  stage: z.int().positive(),
  url: z.string(),
  mongodb: z.string(),
  cassandra: z.string().optional(),
})

export type Addresses = z.infer<typeof addressesSchema>

/**
 * The stages that serve on this machine, with the addresses of their databases, so that another
 * command can use the databases of a running stage.
 */
export async function runningStages(): Promise<Addresses[]> {
  const { entries } = await listEntries()
  const found = await Promise.all(
    entries.map(async ({ id, entry }): Promise<Addresses[]> => {
      if (entry?.role !== 'stage' || entry.process === undefined || !(await isAlive(entry.process)))
        return []
      try {
        const { success, data } = addressesSchema.safeParse(
          JSON.parse(await readFile(join(entryDir(id), ADDRESSES), 'utf8')),
        )
        return success ? [data] : []
      } catch {
        return [] // the stage is still starting, or has just exited
      }
    }),
  )
  return found.flat()
}
