import { CodedError } from '@threshold/kit'
import { type Document, MongoClient, MongoServerError } from 'mongodb'
import type { ManagedChild } from '../process/child.ts'
import { isListening, LOOPBACK } from '../process/ports.ts'
import { waitUntilReady } from '../ready.ts'

const POLL_MS = 25
const TAIL_LINES = 10
const NOT_YET_INITIALIZED = 94
const INVALID_REPLICA_SET_CONFIG = 93

/** directConnection: the replica set advertises a name that may not be reachable from here. */
export const localUri = (port: number): string =>
  `mongodb://${LOOPBACK}:${port}/?directConnection=true`

/** Runs one command, with short time-outs: a caller that waits for a start calls it repeatedly. */
export async function adminCommand(
  uri: string,
  command: Document,
  timeoutMs = 2_000,
): Promise<Document> {
  const client = new MongoClient(uri, {
    serverSelectionTimeoutMS: timeoutMs,
    connectTimeoutMS: timeoutMs,
    socketTimeoutMS: Math.max(timeoutMs, 5_000),
    maxPoolSize: 1,
  })
  try {
    return await client.db('admin').command(command)
  } finally {
    await client.close(true)
  }
}

export interface MongoReadyOptions {
  readonly uri: string
  readonly port: number
  readonly product: string
  readonly timeoutMs: number
  readonly child: ManagedChild
  /** The host of a new replica set's member; undefined if the engine needs no initiation. */
  readonly initiateAs?: string
}

/**
 * Returns when the server answers a driver and accepts writes. A log line is no proof: its text
 * differs between versions, and it comes before the server accepts connections.
 */
export const waitForMongo = ({
  uri,
  port,
  product,
  timeoutMs,
  child,
  initiateAs,
}: MongoReadyOptions): Promise<void> =>
  waitUntilReady({
    product,
    intervalMs: POLL_MS,
    timeoutMs,
    exitReason: () => child.exitReason(),
    tail: () => child.tail().trim().split('\n').slice(-TAIL_LINES).join('\n'),
    async attempt() {
      if (!(await isListening(port))) throw new Error('it does not listen yet')
      await requirePrimary(uri, initiateAs)
    },
  })

/** Throws if the server does not accept writes yet. Initiates a replica set if there is none. */
export async function requirePrimary(uri: string, initiateAs?: string): Promise<void> {
  const hello = await adminCommand(uri, { hello: 1 })
  if (hello.isWritablePrimary === true) return
  if (initiateAs !== undefined) await initiateReplicaSet(uri, initiateAs)
  throw new CodedError('NOT_PRIMARY', 'it is not a primary yet')
}

export const REPLICA_SET = 'threshold'

/**
 * Makes the server a replica set of one member, as it would be in production: a majority write is
 * then journaled, retryable and survives `kill -9`.
 */
async function initiateReplicaSet(uri: string, host: string): Promise<void> {
  const members = [{ _id: 0, host }]
  try {
    await adminCommand(uri, { replSetGetStatus: 1 })
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error
    if (error.code === NOT_YET_INITIALIZED) {
      await adminCommand(uri, { replSetInitiate: { _id: REPLICA_SET, members } })
    } else if (error.code === INVALID_REPLICA_SET_CONFIG) {
      // A kept data folder has the port of the last start, so the server is not in its own set.
      const { config } = await adminCommand(uri, { replSetGetConfig: 1 })
      await adminCommand(uri, {
        replSetReconfig: { ...config, version: config.version + 1, members },
        force: true,
      })
    }
  }
}
