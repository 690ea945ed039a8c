import {
  CodedError,
  type Deadline,
  deadlineExceeded,
  isExpired,
  type Log,
  remainingMs,
  type Telemetry,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import { auth, Client, errors, policies, types } from 'cassandra-driver'
import pLimit from 'p-limit'
import { Counter } from 'prom-client'
import type { CassandraAddress } from './address.ts'
import { connect } from './connect.ts'
import { connectWithRetry } from './connect-with-retry.ts'
import { CONSISTENCY, type StatementOptions } from './consistency.ts'
import { refusalError } from './refusals.ts'

export interface CassandraConfig extends CassandraAddress {
  readonly replication: number
  /** The width of a bucket in days, fixed once the keyspace is made. */
  readonly bucketDays: number
  /**
   * Whether a second replica is asked when the first is slow. Default true. A process that loads
   * the nodes to their limit sets it to false: each of its statements is slow, and speculation
   * would send each one twice. Its statements go to the next node after a time-out instead.
   */
  readonly speculate?: boolean
}

/**
 * The most statements under way, and the most waiting for their turn. A longer queue would only
 * lengthen the wait, so the stage answers 503 at once, and the client tries again.
 */
const MAX_UNDER_WAY = 256
const MAX_WAITING = 2_048
/** The driver asks a second replica after this time. A cluster of one node has none. */
const SPECULATE_AFTER_MS = 100
const READ_TIMEOUT_MS = 4_000

export type CassandraRow = Readonly<Record<string, unknown>>
export type Execute = (
  cql: string,
  values: readonly unknown[],
  options?: StatementOptions,
) => Promise<readonly CassandraRow[]>

export interface CassandraDatabase extends AsyncDisposable {
  readonly client: Client
  /**
   * Runs one operation of a port, of any number of statements. Rejects with `UNAVAILABLE` or
   * `DEADLINE_EXCEEDED` where a later try may succeed, with `TOO_LARGE` or `CASSANDRA_REFUSED`
   * where none will. A `TypeError`, for a value that no column takes, stays as it is: it is a bug
   * in the adapter. No further statement is sent after the deadline. Adapters order their
   * statements so that any of them may be the last.
   */
  run<T>(operation: string, deadline: Deadline, work: (execute: Execute) => Promise<T>): Promise<T>
}

/**
 * Statements are prepared once and go straight to a replica of their partition (token-aware).
 * `undefined` is left unset on the wire, since a null would be a tombstone in each column that a
 * message does not have.
 *
 * Rejects as `connect` does. If `retryLog` is given and no node answers, it does not reject: it
 * logs that, and tries again in the background. Every operation rejects with `UNAVAILABLE` until it
 * is connected.
 */
export async function cassandraDatabase(
  config: CassandraConfig,
  telemetry?: Telemetry,
  retryLog?: Log,
): Promise<CassandraDatabase> {
  const { localDataCenter, port, credentials } = config
  const client = new Client({
    contactPoints: config.contactPoints.map((host) => `${host}:${port}`),
    localDataCenter,
    protocolOptions: { port }, // the driver would look for the other nodes on 9042
    encoding: { useBigIntAsLong: true, useUndefinedAsUnset: true },
    socketOptions: { connectTimeout: 2_000, readTimeout: READ_TIMEOUT_MS },
    pooling: { heartBeatInterval: 5_000 },
    policies: {
      loadBalancing: new policies.loadBalancing.TokenAwarePolicy(
        new policies.loadBalancing.DCAwareRoundRobinPolicy(localDataCenter),
      ),
      speculativeExecution:
        config.speculate === false
          ? new policies.speculativeExecution.NoSpeculativeExecutionPolicy()
          : new policies.speculativeExecution.ConstantSpeculativeExecutionPolicy(
              SPECULATE_AFTER_MS,
              1,
            ),
      // RetryPolicy would repeat a statement on the next node even if it is not idempotent. Version
      // 4 of the driver does not ask it about such a statement; this wrapper holds for any version.
      retry: new policies.retry.IdempotenceAwareRetryPolicy(
        config.speculate === false
          ? new policies.retry.RetryPolicy()
          : new NoRetryAfterTimeoutPolicy(),
      ),
      // The driver tries to reconnect to a node after 0.5 s, then less and less often, at least
      // every 4 s.
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 4_000, false),
    },
    ...(credentials
      ? { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }
      : {}),
  })
  const count = countStatements(telemetry)
  const step: Telemetry['step'] = telemetry?.step ?? ((_name, work) => work())
  const connection = await connectWithRetry(
    (stopped) => connect(client, config, stopped),
    retryLog,
  ).catch(async (error: unknown) => {
    await client.shutdown()
    throw error
  })
  const limit = pLimit(MAX_UNDER_WAY)

  async function send(
    operation: string,
    deadline: Deadline,
    cql: string,
    values: readonly unknown[],
    options: StatementOptions,
  ): Promise<readonly CassandraRow[]> {
    // The caller has given up. It may be checking already whether the write happened, and a write
    // that is sent now would take effect after that.
    if (isExpired(deadline)) throw deadlineExceeded(operation)
    count(operation)
    try {
      const readTimeout = Math.min(READ_TIMEOUT_MS, remainingMs(deadline))
      const answer = await client.execute(cql, [...values], {
        ...options,
        readTimeout,
        prepare: true,
      })
      // The driver fetches a page of 5,000 rows. One message may have more reactions than that, so
      // the iteration fetches the other pages.
      return answer.pageState == null ? answer.rows : await Array.fromAsync(answer)
    } catch (error) {
      throw storeError(operation, error)
    }
  }

  return {
    client,
    async run(operation, deadline, work) {
      if (isExpired(deadline)) throw deadlineExceeded(operation)
      if (!connection.isConnected()) throw unavailable('Cassandra')
      // Checked once, before the operation begins. An operation that has begun may finish.
      if (limit.pendingCount >= MAX_WAITING) throw unavailable('Cassandra')
      const execute: Execute = (cql, values, options = CONSISTENCY.quorum) =>
        limit(() => send(operation, deadline, cql, values, options))
      return await step(`cassandra.${operation}`, () =>
        withDeadline(deadline, operation, work(execute)),
      )
    },
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]() // client.shutdown does not stop an attempt to connect
      await client.shutdown()
    },
  }
}

/**
 * Asks no other node after a time-out (`READ_TIMEOUT_MS`, or the rest of the deadline). The client
 * has waited long enough, and speculation asked a second node after `SPECULATE_AFTER_MS` anyway.
 */
class NoRetryAfterTimeoutPolicy extends policies.retry.RetryPolicy {
  override onRequestError(
    ...[info, consistency, error]: Parameters<policies.retry.RetryPolicy['onRequestError']>
  ) {
    return error instanceof errors.OperationTimedOutError
      ? this.rethrowResult()
      : super.onRequestError(info, consistency, error)
  }
}

/** Translates a driver's error into the coded error of the port. */
export function storeError(operation: string, error: unknown): unknown {
  // The driver cannot encode a value for its column: a bug here, not an outage.
  if (error instanceof TypeError) return error
  return (
    refusalError(operation, error) ??
    (mayHaveHappened(error) ? deadlineExceeded(operation, error) : unavailableError(error))
  )
}

/** A longer message of a node is cut off. */
const MAX_MESSAGE_CHARACTERS = 200

/** The message mentions the disk, since a node whose disk is full stops serving or exits. */
function unavailableError(error: unknown): CodedError {
  const reason =
    error instanceof errors.ResponseError
      ? ` (${error.message.slice(0, MAX_MESSAGE_CHARACTERS)})`
      : ''
  return new CodedError('UNAVAILABLE', `Cassandra is not available${reason}`, {
    retryAfterMs: 1_000,
    cause: error,
    next:
      'see its log and whether its disk is full; free space there, and restart it if it ' +
      'does not come back',
  })
}

/**
 * Whether the statement may have taken effect: a replica did not answer its coordinator in time, or
 * the coordinator did not answer the driver.
 */
function mayHaveHappened(error: unknown): boolean {
  if (error instanceof errors.OperationTimedOutError) return true
  // The driver tried several nodes, and collected an error for each.
  if (error instanceof errors.NoHostAvailableError)
    return Object.values<unknown>(error.innerErrors ?? {}).some(mayHaveHappened)
  const { readTimeout, writeTimeout } = types.responseErrorCodes
  return (
    error instanceof errors.ResponseError &&
    (error.code === readTimeout || error.code === writeTimeout)
  )
}

/**
 * Counts statements, not operations. A page of messages takes one for each bucket that it reads,
 * and the metric shows this cost.
 */
function countStatements(telemetry: Telemetry | undefined): (operation: string) => void {
  if (!telemetry) return () => {}
  const counter = new Counter({
    name: 'threshold_cassandra_statements_total',
    help: 'Statements sent to Cassandra, by what they are for.',
    labelNames: ['operation'],
    registers: [telemetry.registry],
  })
  return (operation) => counter.inc({ operation })
}
