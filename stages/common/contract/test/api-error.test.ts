import { describe, expect, it } from 'vitest'
import { ApiError, invalidField, refuse } from '../src/index.ts'

describe('API errors', () => {
  it('have Discord’s format without absent fields', () => {
    expect(JSON.parse(JSON.stringify(refuse.unknownChannel()))).toEqual({
      code: 10003,
      message: 'Unknown Channel',
    })
    expect(JSON.parse(JSON.stringify(refuse.rateLimited(0.5)))).toMatchObject({
      code: 0,
      retry_after: 0.5,
    })
    expect(
      JSON.parse(JSON.stringify(invalidField('limit', 'NUMBER_TYPE_MAX', 'too many'))),
    ).toEqual({
      code: 50035,
      message: 'Invalid Form Body',
      errors: { limit: { _errors: [{ code: 'NUMBER_TYPE_MAX', message: 'too many' }] } },
    })
  })

  it.each([
    ['unauthorized', 401, 0],
    ['notFound', 404, 0],
    ['unknownChannel', 404, 10003],
    ['unknownGuild', 404, 10004],
    ['unknownInvite', 404, 10006],
    ['unknownMessage', 404, 10008],
    ['unknownUser', 404, 10013],
    ['missingAccess', 403, 50001],
    ['notYourMessage', 403, 50005],
    ['emptyMessage', 400, 50006],
    ['missingPermissions', 403, 50013],
    ['malformedJson', 400, 50109],
    ['tooLarge', 413, 40005],
  ] as const)('%s is %i with code %i', (name, status, code) => {
    expect(refuse[name]()).toBeInstanceOf(ApiError)
    expect(refuse[name]()).toMatchObject({ status, code })
  })

  it('contain the retry time for 503 and 429, and 503 has a default of one second', () => {
    expect(refuse.unavailable()).toMatchObject({ status: 503, retryAfter: 1 })
    expect(refuse.rateLimited(3)).toMatchObject({ status: 429, retryAfter: 3 })
  })
})
