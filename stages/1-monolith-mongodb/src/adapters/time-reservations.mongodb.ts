import { extendReservation, type TimeReservation } from '@threshold/domain'
import type { TimeReservations } from '@threshold/ports'
import { isDuplicateKey, type MongoDatabase } from '../mongodb/database.ts'

interface ReservationDocument extends TimeReservation {
  _id: number
  v: 1
  /** Counts changes: a change is made only to the reservation that was read. */
  revision: number
}

/**
 * One small document a worker number, changed by compare-and-set, as a key of JetStream KV will be
 * in stage 3.
 */
export function mongoTimeReservations(mongo: MongoDatabase): TimeReservations {
  const reservations = mongo.db.collection<ReservationDocument>('time_reservations')

  /** False when another process changed it first. */
  async function store(
    document: ReservationDocument,
    read: ReservationDocument | null,
  ): Promise<boolean> {
    if (read) {
      const { _id, ...rest } = document
      const { matchedCount } = await reservations.replaceOne({ _id, revision: read.revision }, rest)
      return Number(matchedCount) > 0
    }
    try {
      await reservations.insertOne(document)
      return true
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
      return false
    }
  }

  return {
    reserve: (worker, wish, deadline) =>
      mongo.run('time.reserve', deadline, async () => {
        for (;;) {
          const read = await reservations.findOne({ _id: worker })
          const { owner, from, until } = extendReservation(read ?? undefined, wish)
          const revision = (read?.revision ?? 0) + 1
          if (await store({ _id: worker, v: 1, owner, from, until, revision }, read)) {
            return { owner, from, until }
          }
        }
      }),
    async release(worker, owner, until, deadline) {
      await mongo.run('time.release', deadline, () =>
        reservations.updateOne(
          { _id: worker, owner, until: { $gt: until } },
          { $set: { until }, $inc: { revision: 1 } },
        ),
      )
    },
    [Symbol.asyncDispose]: async () => {},
  }
}
