import { type Client, errors, types } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import { connect } from '../../src/cassandra/connect.ts'
import type { CassandraConfig } from '../../src/cassandra/database.ts'

const config = {
  keyspace: 'recorded',
  localDataCenter: 'datacenter1',
  replication: 1,
  bucketDays: 10,
} as CassandraConfig
const { readFailure, unauthorized } = types.responseErrorCodes

/** The code with which a connection rejects after this error of the driver. */
const codeAfter = async (why: Error): Promise<string> => {
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

describe('connect', () => {
  it.each([
    ['takes no answer from any node for an outage', byEach(new Error('connect ECONNREFUSED'))],
    [
      'takes a node that cannot look up users for an outage',
      byEach(login('Unable to perform authentication: Cannot achieve consistency level')),
    ],
    [
      'takes a read failure of replicas for an outage',
      new errors.ResponseError(readFailure, 'Operation failed'),
    ],
  ])('%s', async (_case, why) => {
    expect(await codeAfter(why)).toBe('UNAVAILABLE')
  })

  it.each([
    [
      'reports a wrong password as a refusal',
      byEach(login('Provided username x and/or password are incorrect')),
    ],
    [
      'reports a missing permission as a refusal',
      new errors.ResponseError(unauthorized, 'User x has no CREATE permission'),
    ],
    [
      'reports a wrong data centre as a refusal',
      new errors.ArgumentError('localDataCenter was configured as x'),
    ],
  ])('%s', async (_case, why) => {
    expect(await codeAfter(why)).toBe('CASSANDRA_REFUSED')
  })
})
