import { randomBytes } from 'node:crypto'
import { CodedError, createRuntime, deadlineExceeded, unavailable } from '@threshold/kit'
import express from 'express'
import { describe, expect, it } from 'vitest'
import { errorHandler } from '../../src/rest/respond.ts'

/** The answer to a request whose store rejects with this. */
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

describe('a store that rejects', () => {
  it('is answered 503, and when to come again, where a later try may go well', async () => {
    for (const error of [unavailable('Cassandra'), deadlineExceeded('messages.insert')])
      expect(await answerTo(error)).toEqual({ status: 503, code: 0, retryAfter: '1' })
  })

  it('is answered 413 where the message is larger than it will ever take', async () => {
    const error = new CodedError('TOO_LARGE', 'messages.insert is larger than Cassandra takes')
    expect(await answerTo(error)).toEqual({ status: 413, code: 40_005, retryAfter: null })
  })

  it('is answered 500, and no 503 for ever, where it refuses for another reason', async () => {
    const error = new CodedError('CASSANDRA_REFUSED', 'Cassandra refuses messages.insert')
    expect(await answerTo(error)).toMatchObject({ status: 500, retryAfter: null })
  })
})
