import { leaseDatabase } from '@threshold/engines/testing'
import { type MongoDatabase, mongoDatabase } from '../../src/mongodb/database.ts'

/** An empty database on the shared engine. It is dropped after the suite. */
export async function database(use: AsyncDisposableStack): Promise<MongoDatabase> {
  const { uri } = use.use(await leaseDatabase())
  return use.use(await mongoDatabase({ uri }))
}
