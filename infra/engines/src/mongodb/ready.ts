import { setTimeout as delay } from 'node:timers/promises'
import { CodedError, messageOf } from '@threshold/kit'
import { type Document, MongoClient, MongoServerError } from 'mongodb'
import type { ManagedChild } from '../process/child.ts'
import { isListening, LOOPBACK } from '../process/ports.ts'

const POLL_MS = 25
const NOT_YET_INITIALIZED = 94
const INVALID_REPLICA_SET_CONFIG = 93

/**
 * directConnection: a set of one advertises a name of its own, which need not be reachable from
 * here.
 */
export const localUri = (port: number): string =>
  `mongodb://${LOOPBACK}:${port}/?directConnection=true`

/**
 * Asks once. The driver's own patience is cut short: whoever waits for a start asks again and
 * again.
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

export interface ReadyOptions {
  readonly uri: string
  readonly port: number
  readonly product: string
  readonly timeoutMs: number
  /** The process that must stay alive meanwhile. */
  readonly child: ManagedChild
  /** The host a new replica set gives itself; none when the engine needs no initiation. */
  readonly initiateAs?: string
}

/**
 * Returns when a driver is answered and the server takes writes. Not a log line: those differ
 * between versions, and come before the server accepts connections.
 */
export async function waitUntilReady(options: ReadyOptions): Promise<void> {
  const { uri, port, product, timeoutMs, child, initiateAs } = options
  const until = Date.now() + timeoutMs
  let last = 'it does not listen yet'
  for (;;) {
    if (child.exitReason() !== undefined) throw diedAtStart(product, child)
    if (Date.now() > until) {
      const seconds = Math.round(timeoutMs / 1_000)
      const what = `${product} did not answer within ${seconds} s: ${last}\n${lastLines(child)}`
      throw new CodedError('ENGINE_NOT_READY', what, { next: 'npx threshold doctor' })
    }
    if (await isListening(port)) {
      try {
        return await ensurePrimary(uri, initiateAs)
      } catch (error) {
        last = messageOf(error)
      }
    }
    await delay(POLL_MS)
  }
}

/**
 * Throws why the server takes no writes yet. Where there is no replica set yet, the first question
 * makes one.
 */
export async function ensurePrimary(uri: string, initiateAs?: string): Promise<void> {
  const hello = await adminCommand(uri, { hello: 1 })
  if (hello.isWritablePrimary === true) return
  if (initiateAs !== undefined) await initiateReplicaSet(uri, initiateAs)
  throw new CodedError('NOT_PRIMARY', 'it is not a primary yet')
}

export const REPLICA_SET = 'threshold'

/**
 * mongod runs as a replica set of one and not alone: writes are then acknowledged by the majority
 * and so are journaled, retryable and able to stand a `kill -9`, as they are in production.
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
      // A kept data folder remembers the port of the last run, and the server does not find itself
      // in its own set.
      const { config } = await adminCommand(uri, { replSetGetConfig: 1 })
      await adminCommand(uri, {
        replSetReconfig: { ...config, version: config.version + 1, members },
        force: true,
      })
    }
  }
}

const diedAtStart = (product: string, child: ManagedChild): CodedError =>
  new CodedError(
    'ENGINE_DIED',
    `${product} ended at start (${child.exitReason()})\n${lastLines(child)}`,
    { next: 'npx threshold doctor' },
  )

const lastLines = (child: ManagedChild): string =>
  child.tail().trim().split('\n').slice(-10).join('\n')
