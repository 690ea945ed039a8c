import { CodedError, hasCode, messageOf, unavailable } from '@threshold/kit'
import { type Client, errors, types } from 'cassandra-driver'
import type { CassandraConfig } from './database.ts'
import { createSchema } from './schema.ts'

/**
 * Connects and sees to the schema; may be tried again from wherever it came to. Rejects with `UNAVAILABLE` where waiting may
 * help, and with `CASSANDRA_REFUSED` or `BUCKET_WIDTH` where somebody has to change something.
 */
export async function connect(client: Client, config: CassandraConfig, stopped: () => boolean): Promise<void> {
  try {
    await client.connect()
    if (!stopped()) await createSchema(client, config)
  } catch (error) {
    if (hasCode(error)) throw error
    const wrong = wrongIn(error)
    if (wrong === undefined) throw unavailable('Cassandra', error)
    // Of a login that failed, the driver's words name the user.
    const why = wrong instanceof errors.AuthenticationError ? 'its user or password is wrong' : messageOf(wrong)
    throw new CodedError('CASSANDRA_REFUSED', `Cassandra is there and cannot be used: ${why}`, {
      cause: error,
      next: 'check THRESHOLD_CASSANDRA_URI: host, data centre, user and password, and what that user may do',
    })
  }
}

const { serverError, unavailableException, overloaded, isBootstrapping } = types.responseErrorCodes
const { readTimeout, writeTimeout, readFailure, writeFailure } = types.responseErrorCodes
const PASSING: ReadonlySet<number> = new Set([
  ...[serverError, unavailableException, overloaded, isBootstrapping],
  ...[readTimeout, writeTimeout, readFailure, writeFailure],
])
/** What a node says that cannot read who may log in, in an outage or just after its start (`PasswordAuthenticator`). */
const CANNOT_LOOK_UP = 'Unable to perform authentication'

/** What waiting does not mend, in an error or in what each of the nodes said; undefined where it may. */
function wrongIn(error: unknown): unknown {
  if (error instanceof errors.NoHostAvailableError) return Object.values<unknown>(error.innerErrors ?? {}).find((inner) => wrongIn(inner))
  if (error instanceof errors.ResponseError) return PASSING.has(error.code) ? undefined : error
  if (error instanceof errors.AuthenticationError && error.message.includes(CANNOT_LOOK_UP)) return undefined
  const lasting = [errors.AuthenticationError, errors.ArgumentError, errors.NotSupportedError, TypeError]
  return lasting.some((kind) => error instanceof kind) ? error : undefined
}
