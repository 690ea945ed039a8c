import { extendReservation, type TimeReservation } from '@threshold/domain'
import type { TimeReservations } from '@threshold/ports'
import { isDuplicateKey, type MongoDatabase } from '../mongodb/database.ts'

interface ReservationDocument extends TimeReservation {
  _id: number
  v: 1
  /** Grows with each change. A write succeeds only on the revision that it has read. */
  revision: number
}

/**
 * One small document for each worker number, changed by compare-and-set. Stage 3 does the same with
 * a key of JetStream KV.
 */
export function mongoTimeReservations(mongo: MongoDatabase): TimeReservations {
  const reservations = mongo.db.collection<ReservationDocument>('time_reservations')

  /** Writes over the revision that was read. False if another process has changed it since. */
  async function compareAndSet(
    read: ReservationDocument | null,
    document: ReservationDocument,
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
    reserve: (worker, request, deadline) =>
      mongo.run('time.reserve', deadline, async () => {
        for (;;) {
          const read = await reservations.findOne({ _id: worker })
          const { owner, from, until } = extendReservation(read ?? undefined, request)
          const revision = (read?.revision ?? 0) + 1
          const document = { _id: worker, v: 1, owner, from, until, revision } as const
          if (await compareAndSet(read, document)) return { owner, from, until }
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
