import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { isAlive } from '../process/identity.ts'
import { entryDir, listEntries } from '../registry/registry.ts'

/** In the folder of a stage's run: where it serves, and the databases that it was given. */
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
 * Stages that serve on this machine, with the addresses of what they stand on: so that who started
 * one by a command can point another command at its databases without knowing their names.
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
        return [] // it is still starting, or has just ended
      }
    }),
  )
  return found.flat()
}
