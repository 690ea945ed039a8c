import { describe, expect, it } from 'vitest'
import { validateDispatch, validateResponse } from '../../src/external/schema/validate.ts'

const user = {
  id: '1',
  username: 'ada',
  discriminator: '0',
  global_name: null,
  avatar: null,
  flags: 0,
  public_flags: 0,
  primary_guild: null,
}

describe('validateResponse', () => {
  it('accepts all required fields and any documented one', () => {
    expect(validateResponse('GET', '/users/1', 200, user)).toBeUndefined()
    expect(validateResponse('GET', '/users/1', 200, { ...user, bot: true })).toBeUndefined()
  })

  it('rejects a missing required field, a wrong type and an undocumented field', () => {
    const { flags: _, ...withoutFlags } = user
    expect(validateResponse('GET', '/users/1', 200, withoutFlags)).toMatch(
      /required property 'flags'/,
    )
    expect(validateResponse('GET', '/users/1', 200, { ...user, id: 1 })).toMatch(
      /\/id must be string/,
    )
    expect(validateResponse('GET', '/users/1', 200, { ...user, mood: 'good' })).toMatch(/mood/)
  })

  it('prefers a literal segment to a parameter, and ignores the query', () => {
    expect(validateResponse('GET', '/users/@me?with=1', 200, user)).toMatch(/mfa_enabled/)
    expect(validateResponse('GET', '/channels/1/pins', 200, [])).toBeUndefined()
  })

  it('rejects a success with a body whose route has no schema', () => {
    expect(validateResponse('GET', '/elsewhere', 200, {})).toBe('no schema describes this response')
    expect(validateResponse('DELETE', '/guilds/1', 204, undefined)).toBeUndefined()
  })

  it('requires Discord’s shape of errors in every error response, at any depth', () => {
    const errors = { embeds: { 0: { title: { _errors: [{ code: 'X', message: 'too long' }] } } } }
    expect(
      validateResponse('POST', '/guilds', 400, { code: 50035, message: 'no', errors }),
    ).toBeUndefined()
    expect(validateResponse('POST', '/guilds', 400, { message: 'no' })).toMatch(/code/)
    expect(
      validateResponse('POST', '/guilds', 400, { code: 1, message: 'no', errors: { a: 1 } }),
    ).toMatch(/errors\/a/)
    expect(
      validateResponse('POST', '/guilds', 429, { code: 0, message: 'slow', retry_after: 1 }),
    ).toMatch(/global/)
  })
})

describe('validateDispatch', () => {
  it('rejects a missing required field and a dispatch without a schema', () => {
    expect(
      validateDispatch('MESSAGE_DELETE', { id: '1', channel_id: '2', guild_id: '3' }),
    ).toBeUndefined()
    expect(validateDispatch('MESSAGE_DELETE', { id: '1' })).toMatch(/channel_id/)
    expect(validateDispatch('MOOD_UPDATE', {})).toBe('no schema describes this dispatch')
  })
})
