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
  /** The path names the database. */
  readonly uri: string
  /** The most connections. */
  readonly poolSize?: number
  /** Milliseconds that an operation waits for a free connection before it fails. */
  readonly queueMs?: number
}

/** A database. All adapters of MongoDB run their operations through `run`. */
export interface MongoDatabase extends AsyncDisposable {
  readonly db: Db
  /**
   * Runs an operation within its deadline. Errors of the driver become the errors that the ports
   * promise: `UNAVAILABLE` or `DEADLINE_EXCEEDED`. Duplicate keys pass through, because callers
   * handle them. `name` labels the operation in metrics and errors.
   */
  run<T>(name: string, deadline: Deadline, work: (db: Db) => Promise<T>): Promise<T>
  /** Writes durably and reads, as a request does. It always overwrites the same document. */
  probe(deadline: Deadline): Promise<void>
}

/**
 * Connects to MongoDB. Rejects with `UNAVAILABLE` if it does not answer.
 *
 * An acknowledged write is on disk: it waits for the journal, so `kill -9` of the server loses
 * nothing that it acknowledged. The driver's own retries are off. Every write here is idempotent by
 * its id, so the caller, who knows the deadline, decides whether to repeat it.
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
    // The driver's monitor waits this long too. When it gives up, the driver closes all
    // connections. A short timeout would fail all operations in flight on a server that is only
    // slow, and add the cost of new connections.
    connectTimeoutMS: 10_000,
    // A paused server keeps its sockets open. The timeout keeps its connections from waiting for
    // ever, which would empty the pool.
    socketTimeoutMS: 10_000,
    writeConcern: { w: 1, journal: true },
  })
  const operations = countOperations(telemetry)
  const step: Telemetry['step'] = telemetry?.step ?? ((_name, work) => work())
  try {
    await client.connect()
  } catch (error) {
    await client.close()
    throw unavailable('MongoDB', error)
  }
  const db = client.db()
  const run: MongoDatabase['run'] = async (name, deadline, work) => {
    // The caller has given up, and may already have sent a write that reverts this one.
    if (isExpired(deadline)) throw deadlineExceeded(name)
    operations(name)
    try {
      return await step(`mongodb.${name}`, () => withDeadline(deadline, name, work(db)))
    } catch (error) {
      throw translate(name, error)
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

/** Whether an error is a duplicate key. A bulk write counts if all of its errors are. */
export function isDuplicateKey(error: unknown): boolean {
  if (!(error instanceof MongoServerError) || error.code !== DUPLICATE_KEY) return false
  if (!(error instanceof MongoBulkWriteError)) return true
  const { writeErrors } = error
  return (Array.isArray(writeErrors) ? writeErrors : [writeErrors]).every(
    ({ code }) => code === DUPLICATE_KEY,
  )
}

/**
 * Inserts a document, or replaces the one with its id. When two upserts of one id run concurrently,
 * MongoDB may fail one with a duplicate key; then there is a document, and the second try replaces
 * it. An existing document is replaced only if it has the field values in `only`. Otherwise the
 * call rejects with a duplicate key.
 */
export async function upsert<T extends { _id: unknown }>(
  collection: Collection<T>,
  document: T,
  only: Partial<T> = {},
): Promise<void> {
  const { _id, ...rest } = document
  const replace = () =>
    collection.replaceOne({ _id, ...only } as Filter<T>, rest as WithoutId<T>, { upsert: true })
  try {
    await replace()
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    await replace()
  }
}

function translate(name: string, error: unknown): unknown {
  if (!(error instanceof MongoError) || isDuplicateKey(error)) return error
  if (error instanceof MongoServerError) return serverFailure(name, error)
  return error instanceof MongoOperationTimeoutError
    ? deadlineExceeded(name, error)
    : unavailable('MongoDB', error)
}

/** The server's message is cut, because it may quote a whole document. */
const MAX_MESSAGE_LENGTH = 200

/**
 * MongoDB answers with an error. WiredTiger panics when the disk is full, and stays broken until
 * its process ends. mongod ends by itself then; SecantusDB goes on and answers with errors.
 */
function serverFailure(name: string, { code, codeName, message }: MongoServerError): CodedError {
  const reason = `${message.slice(0, MAX_MESSAGE_LENGTH)} (${codeName ?? code})`
  return new CodedError('UNAVAILABLE', `MongoDB answers with an error (${name}): ${reason}`, {
    retryAfterMs: 1_000,
    next: 'check its log and its disk space; free some, and restart MongoDB if it still fails',
  })
}

/** Lab 1.5 counts the operations after a restart by this metric. */
function countOperations(telemetry: Telemetry | undefined): (name: string) => void {
  if (!telemetry) return () => {}
  const counter = new Counter({
    name: 'threshold_store_operations_total',
    help: 'Operations sent to a database, by name.',
    labelNames: ['operation'],
    registers: [telemetry.registry],
  })
  return (name) => counter.inc({ operation: name })
}

/**
 * Ids are strings in the program and 64-bit integers in the database, which take eight bytes
 * instead of nineteen and sort as numbers.
 */
export const long = (id: string): bigint => BigInt(id)
export const text = (id: bigint): string => id.toString()
