import { CodedError } from '@threshold/kit'
import { MongoClient } from 'mongodb'

/**
 * `mongodb+srv://user:secret@a,b/database?options`: several hosts are allowed, so that the
 * platform's URL refuses it.
 */
const ADDRESS =
  /^(?<server>mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/(?<database>[^?]*))?(?:\?(?<options>.*))?$/

/** The address of one database on a server, whatever else the server's address says. */
export function withDatabase(uri: string, database: string): string {
  const { server, database: named = '', options: rest = '' } = ADDRESS.exec(uri)?.groups ?? {}
  if (server === undefined)
    throw new CodedError('BAD_MONGODB_URI', 'this is no MongoDB address', {
      next: 'mongodb://host:port/',
    })
  const options = new URLSearchParams(rest)
  // Credentials stay checked against the database that the address named, or admin: the driver's
  // own rule.
  if (server.includes('@') && !options.has('authSource'))
    options.set('authSource', named === '' ? 'admin' : named)
  return `${server}/${encodeURIComponent(database)}${options.size === 0 ? '' : `?${options}`}`
}

export async function dropDatabase(uri: string, database: string): Promise<void> {
  const client = new MongoClient(uri, { serverSelectionTimeoutMS: 5_000, maxPoolSize: 1 })
  try {
    await client.db(database).dropDatabase()
  } finally {
    await client.close(true)
  }
}
