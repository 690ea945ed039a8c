import { leaseDatabase } from '@threshold/engines/testing'
import { afterAll, beforeAll } from 'vitest'
import { type MongoDatabase, mongoDatabase } from '../../src/mongodb/database.ts'

/** An empty database on the shared engine. It is dropped after the suite. */
export async function database(use: AsyncDisposableStack): Promise<MongoDatabase> {
  const { uri } = use.use(await leaseDatabase())
  return use.use(await mongoDatabase({ uri }))
}

/** One such database for all tests of a file. */
export function suiteDatabase(): () => MongoDatabase {
  const use = new AsyncDisposableStack()
  let mongo: MongoDatabase
  beforeAll(async () => {
    mongo = await database(use)
  })
  afterAll(() => use.disposeAsync())
  return () => mongo
}
