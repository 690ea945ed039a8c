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

describe('an answer held against its schema', () => {
  it('is right with all required fields and any documented one', () => {
    expect(validateResponse('GET', '/users/1', 200, user)).toBeUndefined()
    expect(validateResponse('GET', '/users/1', 200, { ...user, bot: true })).toBeUndefined()
  })

  it('is wrong without a required field, with a wrong type, and with an invented field', () => {
    const { flags: _, ...lacking } = user
    expect(validateResponse('GET', '/users/1', 200, lacking)).toMatch(/required property 'flags'/)
    expect(validateResponse('GET', '/users/1', 200, { ...user, id: 1 })).toMatch(
      /\/id must be string/,
    )
    expect(validateResponse('GET', '/users/1', 200, { ...user, mood: 'good' })).toMatch(/mood/)
  })

  it('takes a literal segment before a parameter, and leaves the query out', () => {
    expect(validateResponse('GET', '/users/@me?with=1', 200, user)).toMatch(/mfa_enabled/)
    expect(validateResponse('GET', '/channels/1/pins', 200, [])).toBeUndefined()
  })

  it('needs a schema for each success that has a body', () => {
    expect(validateResponse('GET', '/elsewhere', 200, {})).toBe('no schema describes this answer')
    expect(validateResponse('DELETE', '/guilds/1', 204, undefined)).toBeUndefined()
  })

  it('has the shape of Discord’s errors in every refusal, however deep a form is', () => {
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

describe('a dispatch held against its schema', () => {
  it('needs one, and the fields it requires', () => {
    expect(
      validateDispatch('MESSAGE_DELETE', { id: '1', channel_id: '2', guild_id: '3' }),
    ).toBeUndefined()
    expect(validateDispatch('MESSAGE_DELETE', { id: '1' })).toMatch(/channel_id/)
    expect(validateDispatch('MOOD_UPDATE', {})).toBe('no schema describes this dispatch')
  })
})
