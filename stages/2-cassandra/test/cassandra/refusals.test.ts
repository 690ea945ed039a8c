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

describe('a statement that Cassandra answers with an error', () => {
  // The first three in the words of Cassandra 5.0.9, the last two in those of Cassandra 3 and
  // ScyllaDB.
  it.each([
    [
      'its mutation',
      says(
        invalid,
        'Rejected an oversized mutation (7680847/4194304) for keyspace: chat. Top keys are: messages.2:1',
      ),
    ],
    [
      'its frame',
      says(invalid, 'Request is too big: length 17825884 exceeds maximum allowed length 16777216.'),
    ],
    ['its batch', says(invalid, 'Batch too large')],
    [
      'its mutation, for a replica',
      says(serverError, 'Mutation of 5242930 bytes is too large for the maximum size of 4194304'),
    ],
    [
      'its frame, for each node',
      byEach(says(protocolError, 'request size too large (limit 1 estimate 2)')),
    ],
  ])('is too large where %s is', (_what, error) => {
    expect(codeOf(error)).toBe('TOO_LARGE')
  })

  it.each([
    [
      'may not be sent',
      says(unauthorized, 'User x has no MODIFY permission on <table chat.messages>'),
    ],
    ['names no table', says(invalid, 'table messages does not exist')],
  ])('is refused, and no outage, where it %s', (_what, error) => {
    expect(storeError('messages.insert', error)).toMatchObject({
      ...{
        code: 'CASSANDRA_REFUSED',
        message: expect.stringContaining(error.message),
        next: expect.any(String),
      },
    })
  })

  it.each([
    ['nobody answers', byEach(new Error('connect ECONNREFUSED'))],
    ['a node is overloaded', says(overloaded, 'Too many requests')],
    [
      'a login fails',
      byEach(new errors.AuthenticationError('Provided username x and/or password are incorrect')),
    ],
  ])('is an outage where %s', (_what, error) => {
    expect(codeOf(error)).toBe('UNAVAILABLE')
  })

  it('may have happened where it was not answered in time', () => {
    expect(codeOf(says(writeTimeout, 'Operation timed out'))).toBe('DEADLINE_EXCEEDED')
    expect(codeOf(new errors.OperationTimedOutError('late', '127.0.0.1'))).toBe('DEADLINE_EXCEEDED')
  })

  it('is refused by a node that knows no such user', () => {
    expect(codeOf(says(badCredentials, 'Bad credentials'))).toBe('CASSANDRA_REFUSED')
  })
})
