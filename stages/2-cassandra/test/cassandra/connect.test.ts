import { type Client, errors, types } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/cassandra/connect.ts'
import type { CassandraConfig } from '../../src/cassandra/database.ts'

const config = {
  keyspace: 'asked',
  localDataCenter: 'datacenter1',
  replication: 1,
  bucketDays: 10,
} as CassandraConfig
const { readFailure, unauthorized } = types.responseErrorCodes

/** A client that is refused like this. */
const refused = async (why: Error): Promise<string> => {
  const client = { connect: () => Promise.reject(why) } as unknown as Client
  return await connect(client, config, () => false).then(
    () => 'connected',
    ({ code }: { code: string }) => code,
  )
}
const byEach = (...inner: Error[]) =>
  new errors.NoHostAvailableError(
    Object.fromEntries(inner.map((error, i) => [`127.0.0.${i + 1}:9042`, error])),
  )
const login = (message: string) => new errors.AuthenticationError(message)

describe('a Cassandra that cannot be used', () => {
  it.each([
    ['is away where nobody answers', byEach(new Error('connect ECONNREFUSED'))],
    [
      'is away where a node cannot look up who may log in',
      byEach(login('Unable to perform authentication: Cannot achieve consistency level')),
    ],
    [
      'is away where replicas failed to read',
      new errors.ResponseError(readFailure, 'Operation failed'),
    ],
  ])('%s', async (_what, why) => {
    expect(await refused(why)).toBe('UNAVAILABLE')
  })

  it.each([
    [
      'refuses a wrong password',
      byEach(login('Provided username x and/or password are incorrect')),
    ],
    [
      'refuses who may not do it',
      new errors.ResponseError(unauthorized, 'User x has no CREATE permission'),
    ],
    [
      'is not the one that is meant',
      new errors.ArgumentError('localDataCenter was configured as x'),
    ],
  ])('%s', async (_what, why) => {
    expect(await refused(why)).toBe('CASSANDRA_REFUSED')
  })
})
