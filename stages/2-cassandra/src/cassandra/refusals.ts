import { CodedError, messageOf } from '@threshold/kit'
import { errors, types } from 'cassandra-driver'

/** A later try of the same thing may go well after one of these. */
const { serverError, unavailableException, overloaded, isBootstrapping } = types.responseErrorCodes
const { readTimeout, writeTimeout, readFailure, writeFailure } = types.responseErrorCodes
const PASSING: ReadonlySet<number> = new Set([
  ...[serverError, unavailableException, overloaded, isBootstrapping],
  ...[readTimeout, writeTimeout, readFailure, writeFailure],
])
/**
 * A node says so that cannot read who may log in, in an outage or just after its start
 * (`PasswordAuthenticator`).
 */
const CANNOT_LOOK_UP = 'Unable to perform authentication'

/**
 * How Cassandra and ScyllaDB word that a statement is larger than they take: a mutation of more
 * than half a segment of the commit log, a batch, a frame. The code that comes with it depends on
 * who noticed: the coordinator, a replica, the transport.
 */
const TOO_LARGE = /\btoo (large|big)\b|oversized mutation|exceeds maximum (allowed )?(length|size)/i

/**
 * The error that waiting does not mend, in an error or in what each of the nodes said; undefined
 * where it may.
 */
export function permanentErrorIn(error: unknown): unknown {
  if (error instanceof errors.NoHostAvailableError) {
    return Object.values<unknown>(error.innerErrors ?? {}).find((inner) => permanentErrorIn(inner))
  }
  if (isTooLarge(error)) return error
  if (error instanceof errors.ResponseError) return PASSING.has(error.code) ? undefined : error
  if (error instanceof errors.AuthenticationError && error.message.includes(CANNOT_LOOK_UP))
    return undefined
  const lasting = [
    errors.AuthenticationError,
    errors.ArgumentError,
    errors.NotSupportedError,
    TypeError,
  ]
  return lasting.some((kind) => error instanceof kind) ? error : undefined
}

const isTooLarge = (error: unknown): boolean =>
  error instanceof errors.ResponseError && TOO_LARGE.test(error.message)

const GROW = 'raise commitlog_segment_size in cassandra.yaml, of which a row may take half'

/**
 * `TOO_LARGE` or `CASSANDRA_REFUSED` where Cassandra will never take the statement; undefined where
 * it may.
 */
export function refusalError(what: string, error: unknown): CodedError | undefined {
  const refusal = permanentErrorIn(error)
  // A login that fails while the stage runs is the operator's to mend, and clients come again: that
  // is an outage.
  if (!(refusal instanceof errors.ResponseError)) return undefined
  if (isTooLarge(refusal)) {
    return new CodedError('TOO_LARGE', `${what} is larger than Cassandra takes`, {
      cause: refusal,
      next: GROW,
    })
  }
  return new CodedError('CASSANDRA_REFUSED', `Cassandra refuses ${what}: ${reasonOf(refusal)}`, {
    cause: refusal,
    next: 'check the keyspace, its tables, and what the user in THRESHOLD_CASSANDRA_URI may do',
  })
}

/** The driver's words on a failed login name the user. */
export const reasonOf = (refusal: unknown): string =>
  refusal instanceof errors.AuthenticationError
    ? 'its user or password is wrong'
    : messageOf(refusal)
