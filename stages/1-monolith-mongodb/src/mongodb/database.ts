import {
  CodedError,
  type Deadline,
  deadlineExceeded,
  isExpired,
  type Telemetry,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import {
  type Collection,
  type Db,
  type Filter,
  MongoBulkWriteError,
  MongoClient,
  MongoError,
  MongoOperationTimeoutError,
  MongoServerError,
  type WithoutId,
} from 'mongodb'
import { Counter } from 'prom-client'

export interface MongoConfig {
  /** With the database's name in it. */
  readonly uri: string
  /** Connections at most; more operations than that wait, for `queueMs` at most. */
  readonly poolSize?: number
  readonly queueMs?: number
}

/** A database, and the one way in which every adapter asks it something. */
export interface MongoDatabase extends AsyncDisposable {
  readonly db: Db
  /**
   * Runs an operation and turns whatever a driver may throw into what the ports promise:
   * `UNAVAILABLE` or `DEADLINE_EXCEEDED`. Duplicate keys pass through, since callers mean something
   * by them.
   */
  run<T>(what: string, deadline: Deadline, work: (db: Db) => Promise<T>): Promise<T>
  /**
   * Writes, durably, and reads, as a request does. It overwrites one document, so that probes leave
   * nothing that grows.
   */
  probe(deadline: Deadline): Promise<void>
}

/**
 * Acknowledged means on disk: `j: true` waits for the journal, so that `kill -9` of the server
 * loses nothing it confirmed. The driver's own retries are off; every write here is idempotent by
 * its id, and repeating is the caller's choice.
 */
export async function mongoDatabase(
  config: MongoConfig,
  telemetry?: Telemetry,
): Promise<MongoDatabase> {
  const client = new MongoClient(config.uri, {
    useBigInt64: true,
    ignoreUndefined: true,
    retryWrites: false,
    retryReads: false,
    maxPoolSize: config.poolSize ?? 40,
    waitQueueTimeoutMS: config.queueMs ?? 2_000,
    serverSelectionTimeoutMS: 2_000,
    // Also how long a monitor waits for an answer. One that is late clears the pool, and a server
    // that is only slow would then lose all that is under way, and have to greet each connection
    // again.
    connectTimeoutMS: 10_000,
    // A paused server keeps its sockets open. Without this a connection would wait on it for ever
    // and the pool drain dry.
    socketTimeoutMS: 10_000,
    writeConcern: { w: 1, journal: true },
  })
  const operations = countOperations(telemetry)
  try {
    await client.connect()
  } catch (error) {
    await client.close()
    throw unavailable('MongoDB', error)
  }
  const db = client.db()
  const run: MongoDatabase['run'] = async (what, deadline, work) => {
    // Nobody waits for the answer any more, and a write sent now could land after the one that
    // takes it back.
    if (isExpired(deadline)) throw deadlineExceeded(what)
    operations(what)
    try {
      return await withDeadline(deadline, what, work(db))
    } catch (error) {
      throw translate(what, error)
    }
  }
  const probes = db.collection<{ _id: string; at: Date }>('probes')
  return {
    db,
    run,
    async probe(deadline) {
      const write = () => upsert(probes, { _id: 'readiness', at: new Date() })
      await Promise.all([
        run('probe.write', deadline, write),
        run('probe.read', deadline, () => probes.findOne({ _id: 'readiness' })),
      ])
    },
    [Symbol.asyncDispose]: () => client.close(),
  }
}

const DUPLICATE_KEY = 11_000

/** Of an insert of many: whether duplicates are all that went wrong. */
export function isDuplicateKey(error: unknown): boolean {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return false
  if (!(error instanceof MongoBulkWriteError)) return true
  const { writeErrors } = error
  return (Array.isArray(writeErrors) ? writeErrors : [writeErrors]).every(
    ({ code }) => code === DUPLICATE_KEY,
  )
}

/**
 * Puts a document in the place of whatever has its id. Of two that do so at once where nothing was,
 * MongoDB may let one fail on the other's key: by then there is something to replace. `only` names
 * fields of the document that may be replaced; one that has other values stays, and the duplicate
 * key is the caller's.
 */
export async function upsert<T extends { _id: unknown }>(
  into: Collection<T>,
  document: T,
  only: Partial<T> = {},
): Promise<void> {
  const { _id, ...rest } = document
  const replace = () =>
    into.replaceOne({ _id, ...only } as Filter<T>, rest as WithoutId<T>, { upsert: true })
  try {
    await replace()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    await replace()
  }
}

function translate(what: string, error: unknown): unknown {
  if (!(error instanceof MongoError) || isDuplicateKey(error)) return error
  if (error instanceof MongoServerError) return failedThere(what, error)
  return error instanceof MongoOperationTimeoutError
    ? deadlineExceeded(what, error)
    : unavailable('MongoDB', error)
}

/** A server's message is cut to this length, since it may quote a document. */
const MESSAGE_CHARACTERS = 200

/**
 * MongoDB is there and cannot do it. WiredTiger's panic, which follows on a full disk, lasts until
 * the process ends: mongod ends itself then, and SecantusDB answers on.
 */
function failedThere(what: string, { code, codeName, message }: MongoServerError): CodedError {
  const why = `${message.slice(0, MESSAGE_CHARACTERS)} (${codeName ?? code})`
  return new CodedError('UNAVAILABLE', `MongoDB is there and fails (${what}): ${why}`, {
    retryAfterMs: 1_000,
    next: 'see its log and whether its disk is full; free space there, and restart MongoDB if it still fails',
  })
}

/** Lab 1.5 counts what a restart asks of the database; this is where it is counted. */
function countOperations(telemetry: Telemetry | undefined): (what: string) => void {
  if (!telemetry) return () => {}
  const counter = new Counter({
    name: 'threshold_store_operations_total',
    help: 'Operations sent to a database, by what they are for.',
    labelNames: ['operation'],
    registers: [telemetry.registry],
  })
  return (what) => counter.inc({ operation: what })
}

/**
 * Ids travel as strings and rest as 64-bit integers: eight bytes instead of nineteen, and they sort
 * as numbers.
 */
export const long = (id: string): bigint => BigInt(id)
export const text = (id: bigint): string => id.toString()
