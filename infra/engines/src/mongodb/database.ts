import { CodedError } from '@threshold/kit'
import { MongoClient } from 'mongodb'

/**
 * Matches `mongodb+srv://user:secret@a,b/database?options`. `URL` cannot parse an address with
 * several hosts.
 */
const ADDRESS =
  /^(?<server>mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/(?<database>[^?]*))?(?:\?(?<options>.*))?$/

/** Replaces the database in a server's address, or adds one. Throws BAD_MONGODB_URI. */
export function withDatabase(uri: string, database: string): string {
  const {
    server,
    database: currentDatabase = '',
    options: query = '',
  } = ADDRESS.exec(uri)?.groups ?? {}
  if (server === undefined)
    throw new CodedError('BAD_MONGODB_URI', 'the MongoDB address is not valid', {
      next: 'write mongodb://host:port/',
    })
  const options = new URLSearchParams(query)
  // The server looks up the user in the database that the address names, by default `admin`.
  // `authSource` keeps that database when the address gets another one.
  if (server.includes('@') && !options.has('authSource'))
    options.set('authSource', currentDatabase === '' ? 'admin' : currentDatabase)
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
