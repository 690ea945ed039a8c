import { CodedError, messageOf } from '@threshold/kit'
import { errors, types } from 'cassandra-driver'

const { serverError, unavailableException, overloaded, isBootstrapping } = types.responseErrorCodes
const { readTimeout, writeTimeout, readFailure, writeFailure } = types.responseErrorCodes
/** After one of these errors, a later try of the same statement may succeed. */
const PASSING: ReadonlySet<number> = new Set([
  serverError,
  unavailableException,
  overloaded,
  isBootstrapping,
  readTimeout,
  writeTimeout,
  readFailure,
  writeFailure,
])
/**
 * The words of a node that cannot read its table of users, in an outage or just after its start
 * (`PasswordAuthenticator`). The password may be right.
 */
const CANNOT_LOOK_UP = 'Unable to perform authentication'

/**
 * Cassandra's and ScyllaDB's words for a statement that is too large: a mutation of more than half
 * a segment of the commit log, a batch, a frame. The error code differs with the part that noticed:
 * the coordinator, a replica, the transport.
 */
const TOO_LARGE = /\btoo (large|big)\b|oversized mutation|exceeds maximum (allowed )?(length|size)/i

/**
 * Returns the error that waiting does not cure: the error itself, or the first such error of a
 * node. Undefined where waiting may help.
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

const TOO_LARGE_NEXT =
  'raise commitlog_segment_size in cassandra.yaml, of which a row may take half'

/**
 * `TOO_LARGE` or `CASSANDRA_REFUSED` where Cassandra will never take the statement. Undefined where
 * it may.
 */
export function refusalError(operation: string, error: unknown): CodedError | undefined {
  const refusal = permanentErrorIn(error)
  // A login that fails while the stage runs is an outage: the operator can correct it, and clients
  // try again.
  if (!(refusal instanceof errors.ResponseError)) return undefined
  if (isTooLarge(refusal)) {
    return new CodedError('TOO_LARGE', `${operation} is larger than Cassandra takes`, {
      cause: refusal,
      next: TOO_LARGE_NEXT,
    })
  }
  return new CodedError(
    'CASSANDRA_REFUSED',
    `Cassandra refuses ${operation}: ${reasonOf(refusal)}`,
    {
      cause: refusal,
      next: 'check the keyspace, its tables, and what the user in THRESHOLD_CASSANDRA_URI may do',
    },
  )
}

/** Replaces the driver's words on a failed login, which name the user. */
export const reasonOf = (refusal: unknown): string =>
  refusal instanceof errors.AuthenticationError
    ? 'its user or password is wrong'
    : messageOf(refusal)
