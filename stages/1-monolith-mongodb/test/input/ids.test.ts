import { formErrors, isSnowflake } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gatewayInput, messageInput, restInput } from '../../src/input/index.ts'
import { ID, NOT_IDS, type Schema } from './schemas.ts'

const role = { id: ID, type: 0 }

/** Every field with an id: its name, its schema, and a form with the id in it. */
const ID_FIELDS: readonly [string, Schema, (id: unknown) => unknown][] = [
  [
    'overwrite id',
    restInput.createChannel,
    (id) => ({ name: 'a', permission_overwrites: [{ ...role, id }] }),
  ],
  ['channel parent_id', restInput.createChannel, (id) => ({ name: 'a', parent_id: id })],
  ['edited channel parent_id', restInput.editChannel, (id) => ({ parent_id: id })],
  ['moved channel id', restInput.moveChannels, (id) => [{ id, position: 1 }]],
  ['moved channel parent_id', restInput.moveChannels, (id) => [{ id: ID, parent_id: id }]],
  ['moved role id', restInput.moveRoles, (id) => [{ id, position: 1 }]],
  ['owner_id', restInput.editGuild, (id) => ({ owner_id: id })],
  ['system_channel_id', restInput.editGuild, (id) => ({ system_channel_id: id })],
  ['afk_channel_id', restInput.editGuild, (id) => ({ afk_channel_id: id })],
  ['added member roles', restInput.putMember, (id) => ({ access_token: 'x', roles: [id] })],
  ['member roles', restInput.editMember, (id) => ({ roles: [id] })],
  ['recipient_id', restInput.createDm, (id) => ({ recipient_id: id })],
  ['before', restInput.pageQuery, (id) => ({ before: id })],
  ['after', restInput.pageQuery, (id) => ({ after: id })],
  ['around', restInput.pageQuery, (id) => ({ around: id })],
  ['member after', restInput.memberQuery, (id) => ({ after: id })],
  ['guilds after', restInput.guildsQuery, (id) => ({ after: id })],
  ['guilds before', restInput.guildsQuery, (id) => ({ before: id })],
  ['reaction after', restInput.reactionQuery, (id) => ({ after: id })],
  ['search author_id', restInput.searchQuery, (id) => ({ author_id: id })],
  ['search channel_id list', restInput.searchQuery, (id) => ({ channel_id: [id] })],
  ['search mentions', restInput.searchQuery, (id) => ({ mentions: id })],
  ['search max_id', restInput.searchQuery, (id) => ({ max_id: id })],
  ['search min_id', restInput.searchQuery, (id) => ({ min_id: id })],
  [
    'reply message_id',
    messageInput.createMessage,
    (id) => ({ message_reference: { message_id: id } }),
  ],
  [
    'reply channel_id',
    messageInput.createMessage,
    (id) => ({ message_reference: { message_id: ID, channel_id: id } }),
  ],
  ['allowed users', messageInput.createMessage, (id) => ({ allowed_mentions: { users: [id] } })],
  ['allowed roles', messageInput.createMessage, (id) => ({ allowed_mentions: { roles: [id] } })],
  ['bulk delete', messageInput.bulkDelete, (id) => ({ messages: [id] })],
  ['voice guild_id', gatewayInput.voiceStateUpdate, (id) => ({ guild_id: id, channel_id: null })],
  ['voice channel_id', gatewayInput.voiceStateUpdate, (id) => ({ guild_id: ID, channel_id: id })],
  ['chunk guild_id', gatewayInput.requestMembers, (id) => ({ guild_id: id })],
]

describe.each(ID_FIELDS)('the id field %s', (_name, schema, form) => {
  it('accepts an id, as a string or as the bare number that some libraries send', () => {
    expect(schema.safeParse(form(ID)).success).toBe(true)
    expect(schema.safeParse(form(12345)).success).toBe(true)
  })

  it('refuses operators and other values with a form error', () => {
    for (const wrong of NOT_IDS) {
      const result = schema.safeParse(form(wrong))
      expect(result.success, JSON.stringify(wrong)).toBe(false)
      expect(JSON.stringify(formErrors(result.error!))).toContain('_errors')
    }
  })
})

describe('ids', () => {
  it('lose their leading zeros', () => {
    expect(restInput.pageQuery.parse({ before: `000${ID.slice(0, 16)}` }).before).toBe(
      ID.slice(0, 16),
    )
    expect(restInput.createDm.parse({ recipient_id: '0' }).recipient_id).toBe('0')
  })

  it('are valid for every accepted value', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        const result = restInput.createDm.safeParse({ recipient_id: value })
        if (result.success) expect(isSnowflake(result.data.recipient_id)).toBe(true)
      }),
    )
  })
})

describe('the page size', () => {
  const limit = (value: unknown) => restInput.pageQuery.safeParse({ limit: value })
  const code = (value: unknown) =>
    (formErrors(limit(value).error!).limit as unknown as { _errors: { code: string }[] })
      ._errors[0]!.code

  it('is 1 to 100, and 50 by default', () => {
    expect(limit(undefined).data?.limit).toBe(50)
    for (const [text, number] of [
      ['1', 1],
      ['100', 100],
      ['007', 7],
    ] as const)
      expect(limit(text).data?.limit).toBe(number)
  })

  it.each([
    ['0', 'NUMBER_TYPE_MIN'],
    ['-1', 'NUMBER_TYPE_MIN'],
    ['101', 'NUMBER_TYPE_MAX'],
    ['abc', 'NUMBER_TYPE_COERCE'],
    ['', 'NUMBER_TYPE_COERCE'],
    ['1.5', 'NUMBER_TYPE_COERCE'],
    ['1'.repeat(40), 'NUMBER_TYPE_COERCE'],
    [['1', '2'], 'NUMBER_TYPE_COERCE'],
    [{ $gt: '' }, 'NUMBER_TYPE_COERCE'],
    [{ toString: '1' }, 'NUMBER_TYPE_COERCE'],
  ])('refuses %j with %s', (value, expected) => expect(code(value)).toBe(expected))
})
