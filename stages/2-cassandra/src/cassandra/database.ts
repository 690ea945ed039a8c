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
  /** The width of a bucket; fixed once the keyspace is made. */
  readonly bucketDays: number
  /**
   * False for a process that loads the nodes to their limit: each of its statements is slow, and
   * would be sent twice.
   */
  readonly speculate?: boolean
}

/**
 * Statements under way, and waiting. A longer queue would only add waiting, so the client is
 * answered 503 at once and tries again.
 */
const MAX_UNDER_WAY = 256
const MAX_WAITING = 2_048
/** A second replica is asked when the first has not answered by then. One node has no second. */
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
   * where none will, and never with a driver's error. After the deadline no further statement is
   * sent. Adapters order their statements so that any of them may be the last.
   */
  run<T>(operation: string, deadline: Deadline, work: (execute: Execute) => Promise<T>): Promise<T>
}

/**
 * Statements are prepared once and go straight to a replica of their partition (token-aware).
 * `undefined` is left unset on the wire, since a null would be a tombstone in each column that a
 * message does not have.
 *
 * Rejects with `UNAVAILABLE` when no node answers. Given `whileAway`, it logs that instead and goes
 * on trying. Until it is connected, every operation rejects.
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
      // The driver's default sends any statement to the next node after a time-out, "for historical
      // reasons".
      retry: new policies.retry.IdempotenceAwareRetryPolicy(
        config.speculate === false
          ? new policies.retry.RetryPolicy()
          : new NoRetryAfterTimeoutPolicy(),
      ),
      // A node that is down is tried after half a second at first, then less often, but every 4 s.
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 4_000, false),
    },
    ...(credentials
      ? { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }
      : {}),
  })
  const count = countStatements(telemetry)
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
    // The caller has given up, and a write could arrive after its reconciliation.
    if (isExpired(deadline)) throw deadlineExceeded(operation)
    count(operation)
    try {
      const readTimeout = Math.min(READ_TIMEOUT_MS, remainingMs(deadline))
      const answer = await client.execute(cql, [...values], {
        ...options,
        readTimeout,
        prepare: true,
      })
      // The driver answers 5,000 rows and leaves the rest to be fetched. One message may have more
      // reactions than that.
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
      // Refused before it begins: operations that have begun may finish.
      if (limit.pendingCount >= MAX_WAITING) throw unavailable('Cassandra')
      return await withDeadline(
        deadline,
        operation,
        work((cql, values, options = CONSISTENCY.quorum) =>
          limit(() => send(operation, deadline, cql, values, options)),
        ),
      )
    },
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]() // shutdown does not stop a connection attempt
      await client.shutdown()
    },
  }
}

/**
 * Asks no other node after a time-out (`READ_TIMEOUT_MS`, or the rest of the deadline): the client
 * has waited long enough, and a second node was asked after `SPECULATE_AFTER_MS` anyway.
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
  // A value that no column takes: a bug here, not an outage.
  if (error instanceof TypeError) return error
  return (
    refusalError(operation, error) ??
    (mayHaveHappened(error) ? deadlineExceeded(operation, error) : unavailableError(error))
  )
}

/** A node's message is cut to this length, in characters. */
const MAX_MESSAGE_CHARACTERS = 200

/** A node whose disk is full stops serving, or exits, and needs a restart. */
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

/** A replica did not answer its coordinator in time, or the coordinator did not answer here. */
function mayHaveHappened(error: unknown): boolean {
  if (error instanceof errors.OperationTimedOutError) return true
  // The driver tried all nodes, and collected an error from each.
  if (error instanceof errors.NoHostAvailableError)
    return Object.values<unknown>(error.innerErrors ?? {}).some(mayHaveHappened)
  const { readTimeout, writeTimeout } = types.responseErrorCodes
  return (
    error instanceof errors.ResponseError &&
    (error.code === readTimeout || error.code === writeTimeout)
  )
}

/** Counts statements, not operations: the statements of a page are the cost of buckets. */
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
