import { type CodedError, unavailable } from '@threshold/kit'
import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb'
import { isDuplicateKey } from './database.ts'

/**
 * Inserts the documents that do not exist. Those that do stay as they are, so a caller that got no
 * answer may repeat the call without undoing later changes. All go in one request: a guild of ten
 * thousand members would otherwise wait ten thousand times for the journal.
 *
 * `identifying` names fields that never change. An existing document that differs in one of them is
 * another document with the same id, and the call rejects with `UNAVAILABLE`.
 */
export async function insertMissing<T extends { _id: unknown }>(
  collection: Collection<T>,
  documents: readonly T[],
  identifying: readonly (keyof T)[] = [],
): Promise<void> {
  if (documents.length === 0) return
  try {
    await collection.insertMany(documents as OptionalUnlessRequiredId<T>[], { ordered: false })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    if (identifying.length === 0) return
    const ids = documents.map(({ _id }) => _id)
    const existing = await collection.find({ _id: { $in: ids } } as unknown as Filter<T>).toArray()
    const byId = new Map(existing.map((found): [unknown, T] => [found._id, found as unknown as T]))
    for (const document of documents) {
      const found = byId.get(document._id)
      if (found && identifying.some((field) => found[field] !== document[field]))
        throw idTaken(error)
    }
  }
}

/** The caller retries with a new id. */
export const idTaken = (cause: unknown): CodedError => unavailable('a free id', cause)

/** Rejects with `UNAVAILABLE` if another document has the id. */
export async function unavailableIfTaken(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    throw isDuplicateKey(error) ? idTaken(error) : error
  }
}
