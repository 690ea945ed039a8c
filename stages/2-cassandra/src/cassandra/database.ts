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
  /** Days of one bucket; fixed once a keyspace is made. */
  readonly bucketDays: number
  /**
   * Off for what loads the nodes as much as they bear: each of its statements is slow, and would be
   * sent twice.
   */
  readonly speculate?: boolean
}

/**
 * Statements under way, and waiting. Beyond both a wait would only grow: 503 at once, and the
 * client comes again.
 */
const UNDER_WAY = 256
const WAITING = 2_048
/**
 * A second replica is asked when the first has not answered by then. Of one node it asks nothing;
 * there is no second.
 */
const SPECULATE_AFTER_MS = 100
const READ_TIMEOUT_MS = 4_000

export type CassandraRow = Readonly<Record<string, unknown>>
export type Execute = (
  cql: string,
  values: readonly unknown[],
  ask?: StatementOptions,
) => Promise<readonly CassandraRow[]>

export interface CassandraDatabase extends AsyncDisposable {
  readonly client: Client
  /**
   * Runs one operation of a port, of however many statements. Rejects with `UNAVAILABLE` or
   * `DEADLINE_EXCEEDED` where a later try may go well, with `TOO_LARGE` or `CASSANDRA_REFUSED`
   * where none will, and never with an error of the driver's. After the deadline no further
   * statement is sent; adapters order theirs so that each may be the last.
   */
  run<T>(what: string, deadline: Deadline, work: (execute: Execute) => Promise<T>): Promise<T>
}

/**
 * Statements are prepared once and go straight to a replica of their partition (token-aware).
 * `undefined` is left unset on the wire: a null would be a tombstone for each column that a message
 * does not have.
 *
 * Rejects with `UNAVAILABLE` when nobody answers. Given `whileAway`, it tells that one instead,
 * goes on trying, and until then every operation is refused.
 */
export async function cassandraDatabase(
  config: CassandraConfig,
  telemetry?: Telemetry,
  whileAway?: Log,
): Promise<CassandraDatabase> {
  const { localDataCenter, port, credentials } = config
  const client = new Client({
    contactPoints: config.contactPoints.map((host) => `${host}:${port}`),
    localDataCenter,
    protocolOptions: { port }, // or the other nodes are looked for on 9042, and stay down
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
      // The driver's own default would send anything to the next node after a time-out, "for
      // historical reasons".
      retry: new policies.retry.IdempotenceAwareRetryPolicy(
        config.speculate === false ? new policies.retry.RetryPolicy() : new OnceInTimePolicy(),
      ),
      // A node that is down is looked for after half a second at first, then more seldom, but never
      // later than 4 s.
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 4_000, false),
    },
    ...(credentials
      ? { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }
      : {}),
  })
  const count = countStatements(telemetry)
  const opened = await connectWithRetry(
    (stopped) => connect(client, config, stopped),
    whileAway,
  ).catch(async (error: unknown) => {
    await client.shutdown()
    throw error
  })
  const limit = pLimit(UNDER_WAY)

  async function send(
    what: string,
    deadline: Deadline,
    cql: string,
    values: readonly unknown[],
    ask: StatementOptions,
  ): Promise<readonly CassandraRow[]> {
    // Whoever waited past the deadline is not worth asking for any more, and a write could land
    // after its undoing.
    if (isExpired(deadline)) throw deadlineExceeded(what)
    count(what)
    try {
      const readTimeout = Math.min(READ_TIMEOUT_MS, remainingMs(deadline))
      const answered = await client.execute(cql, [...values], {
        ...ask,
        readTimeout,
        prepare: true,
      })
      // The driver answers 5,000 rows and leaves the rest to be asked for: one message may have
      // more reactions than that.
      return answered.pageState == null ? answered.rows : await Array.fromAsync(answered)
    } catch (error) {
      throw storeError(what, error)
    }
  }

  return {
    client,
    async run(what, deadline, work) {
      if (isExpired(deadline)) throw deadlineExceeded(what)
      if (!opened.isConnected()) throw unavailable('Cassandra')
      // Turned away at the door: what has begun may finish.
      if (limit.pendingCount >= WAITING) throw unavailable('Cassandra')
      return await withDeadline(
        deadline,
        what,
        work((cql, values, ask = CONSISTENCY.quorum) =>
          limit(() => send(what, deadline, cql, values, ask)),
        ),
      )
    },
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]() // the driver does not end what is still connecting
      await client.shutdown()
    },
  }
}

/**
 * Of a node that has not answered in its time (`READ_TIMEOUT_MS`, or what is left of the deadline)
 * no other is asked: whoever waits has waited long enough, and what is slow was overtaken before,
 * by the second node that is asked after `SPECULATE_AFTER_MS`.
 */
class OnceInTimePolicy extends policies.retry.RetryPolicy {
  override onRequestError(
    ...[info, consistency, error]: Parameters<policies.retry.RetryPolicy['onRequestError']>
  ) {
    return error instanceof errors.OperationTimedOutError
      ? this.rethrowResult()
      : super.onRequestError(info, consistency, error)
  }
}

/** The coded error of the port for an error of the driver. */
export function storeError(what: string, error: unknown): unknown {
  if (error instanceof TypeError) return error // a value that no column takes: a fault of ours, not of Cassandra's
  return (
    refusalError(what, error) ??
    (mayHaveHappened(error) ? deadlineExceeded(what, error) : away(error))
  )
}

/** A node's message is cut to this length. */
const MESSAGE_CHARACTERS = 200

/** A node whose disk is full stops serving, or ends, and stays so until it is restarted. */
function away(error: unknown): CodedError {
  const said =
    error instanceof errors.ResponseError ? ` (${error.message.slice(0, MESSAGE_CHARACTERS)})` : ''
  return new CodedError('UNAVAILABLE', `Cassandra is not available${said}`, {
    ...{ retryAfterMs: 1_000, cause: error },
    next: 'see its log and whether its disk is full; free space there, and restart it if it does not come back',
  })
}

/** Sent, and not answered in time: by a replica to its coordinator, or by the coordinator to us. */
function mayHaveHappened(error: unknown): boolean {
  if (error instanceof errors.OperationTimedOutError) return true
  // After the last node: what each of them said.
  if (error instanceof errors.NoHostAvailableError)
    return Object.values<unknown>(error.innerErrors ?? {}).some(mayHaveHappened)
  const { readTimeout, writeTimeout } = types.responseErrorCodes
  return (
    error instanceof errors.ResponseError &&
    (error.code === readTimeout || error.code === writeTimeout)
  )
}

/** Statements, not operations: how many a page needs is what buckets cost. */
function countStatements(telemetry: Telemetry | undefined): (what: string) => void {
  if (!telemetry) return () => {}
  const counter = new Counter({
    name: 'threshold_cassandra_statements_total',
    help: 'Statements sent to Cassandra, by what they are for.',
    labelNames: ['operation'],
    registers: [telemetry.registry],
  })
  return (what) => counter.inc({ operation: what })
}
