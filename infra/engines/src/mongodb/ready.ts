import { CodedError } from '@threshold/kit'
import { type Document, MongoClient, MongoServerError } from 'mongodb'
import type { ManagedChild } from '../process/child.ts'
import { isListening, LOOPBACK } from '../process/ports.ts'
import { waitUntilReady } from '../ready.ts'

const POLL_MS = 25
const TAIL_LINES = 10
const NOT_YET_INITIALIZED = 94
const INVALID_REPLICA_SET_CONFIG = 93

/**
 * `directConnection` keeps the driver from switching to the address that the replica set
 * advertises, which may not be reachable from here.
 */
export const localUri = (port: number): string =>
  `mongodb://${LOOPBACK}:${port}/?directConnection=true`

/**
 * Runs one command on a connection of its own. The time-outs are short, because callers that wait
 * for a server to start repeat the command.
 */
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
  /**
   * The address of the only member of a new replica set; undefined for an engine that needs no
   * replica set.
   */
  readonly initiateAs?: string
}

/**
 * Returns when the server answers a driver and accepts writes. A log line is no proof: its text
 * differs between versions, and the server logs it before the replica set has a primary.
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

/**
 * Throws NOT_PRIMARY unless the server accepts writes. If `initiateAs` is given, it first initiates
 * the replica set or corrects its address. It throws even then, because the election takes a
 * moment. The caller repeats the call.
 */
export async function requirePrimary(uri: string, initiateAs?: string): Promise<void> {
  const hello = await adminCommand(uri, { hello: 1 })
  if (hello.isWritablePrimary === true) return
  if (initiateAs !== undefined) await initiateReplicaSet(uri, initiateAs)
  throw new CodedError('NOT_PRIMARY', 'it is not a primary yet')
}

export const REPLICA_SET = 'threshold'

/**
 * Makes the server a replica set of one member, unless it is one already. A majority write then
 * waits for the journal, is retryable, and survives `kill -9`, as on a replica set in production.
 *
 * Ignores all other errors that the server returns: it may still be starting, and the caller tries
 * again.
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
      // The configuration in a kept data folder names the port of the last start, so the server
      // does not find itself in its own set.
      const { config } = await adminCommand(uri, { replSetGetConfig: 1 })
      await adminCommand(uri, {
        replSetReconfig: { ...config, version: config.version + 1, members },
        force: true,
      })
    }
  }
}
