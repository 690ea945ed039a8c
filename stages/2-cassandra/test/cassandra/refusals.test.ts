import { errors, types } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import { storeError } from '../../src/cassandra/database.ts'

const {
  invalid,
  unauthorized,
  serverError,
  overloaded,
  writeTimeout,
  protocolError,
  badCredentials,
} = types.responseErrorCodes
const says = (code: number, message: string) => new errors.ResponseError(code, message)
const byEach = (...inner: Error[]) =>
  new errors.NoHostAvailableError(
    Object.fromEntries(inner.map((error, i) => [`127.0.0.${i + 1}:9042`, error])),
  )
const codeOf = (error: unknown): unknown =>
  (storeError('messages.insert', error) as { code?: string }).code

describe('an error of Cassandra', () => {
  // The first three in the words of Cassandra 5.0.9, the last two in those of Cassandra 3 and
  // ScyllaDB.
  it.each([
    [
      'a mutation is too large',
      says(
        invalid,
        'Rejected an oversized mutation (7680847/4194304) for keyspace: chat. Top keys are: messages.2:1',
      ),
    ],
    [
      'a frame is too large',
      says(invalid, 'Request is too big: length 17825884 exceeds maximum allowed length 16777216.'),
    ],
    ['a batch is too large', says(invalid, 'Batch too large')],
    [
      'a replica finds a mutation too large',
      says(serverError, 'Mutation of 5242930 bytes is too large for the maximum size of 4194304'),
    ],
    [
      'each node finds a frame too large',
      byEach(says(protocolError, 'request size too large (limit 1 estimate 2)')),
    ],
  ])('becomes TOO_LARGE where %s', (_case, error) => {
    expect(codeOf(error)).toBe('TOO_LARGE')
  })

  it.each([
    [
      'the user may not send the statement',
      says(unauthorized, 'User x has no MODIFY permission on <table chat.messages>'),
    ],
    ['the table does not exist', says(invalid, 'table messages does not exist')],
  ])('becomes CASSANDRA_REFUSED and no outage where %s', (_case, error) => {
    expect(storeError('messages.insert', error)).toMatchObject({
      code: 'CASSANDRA_REFUSED',
      message: expect.stringContaining(error.message),
      next: expect.any(String),
    })
  })

  it.each([
    ['no node answers', byEach(new Error('connect ECONNREFUSED'))],
    ['a node is overloaded', says(overloaded, 'Too many requests')],
    [
      'a login fails',
      byEach(new errors.AuthenticationError('Provided username x and/or password are incorrect')),
    ],
  ])('becomes UNAVAILABLE where %s', (_case, error) => {
    expect(codeOf(error)).toBe('UNAVAILABLE')
  })

  it('becomes DEADLINE_EXCEEDED where the statement may have taken effect', () => {
    expect(codeOf(says(writeTimeout, 'Operation timed out'))).toBe('DEADLINE_EXCEEDED')
    expect(codeOf(new errors.OperationTimedOutError('late', '127.0.0.1'))).toBe('DEADLINE_EXCEEDED')
  })

  it('becomes CASSANDRA_REFUSED where a node does not know the user', () => {
    expect(codeOf(says(badCredentials, 'Bad credentials'))).toBe('CASSANDRA_REFUSED')
  })
})
