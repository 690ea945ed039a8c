import { randomBytes } from 'node:crypto'
import { CodedError, createRuntime, deadlineExceeded, unavailable } from '@threshold/kit'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { errorHandler } from '../../src/rest/respond.ts'

/** The answer to a request whose store rejects with this error. */
async function answerTo(
  error: Error,
): Promise<{ status: number; code: number; retryAfter: string | null }> {
  const app = express()
  app.use(() => {
    throw error
  })
  app.use(errorHandler(createRuntime({ random: randomBytes })))
  const server = app.listen(0, '127.0.0.1')
  try {
    await new Promise((resolve) => server.once('listening', resolve))
    const answer = await fetch(`http://127.0.0.1:${(server.address() as { port: number }).port}/`)
    const { code } = (await answer.json()) as { code: number }
    return { status: answer.status, code, retryAfter: answer.headers.get('retry-after') }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

describe('an error of the store', () => {
  it('is answered 503 with Retry-After if a retry may succeed', async () => {
    for (const error of [unavailable('Cassandra'), deadlineExceeded('messages.insert')])
      expect(await answerTo(error)).toEqual({ status: 503, code: 0, retryAfter: '1' })
  })

  it('is answered 413 if the message is too large for it', async () => {
    const error = new CodedError('TOO_LARGE', 'messages.insert is larger than Cassandra takes')
    expect(await answerTo(error)).toEqual({ status: 413, code: 40_005, retryAfter: null })
  })

  it('is answered 500 if a retry cannot succeed', async () => {
    const error = new CodedError('CASSANDRA_REFUSED', 'Cassandra refuses messages.insert')
    expect(await answerTo(error)).toMatchObject({ status: 500, retryAfter: null })
  })
})
