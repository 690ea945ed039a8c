import { ALL_PERMISSIONS, formErrors } from '@threshold/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { gatewayInput, messageInput, restInput } from '../../src/input/index.ts'
import { ID, NOT_IDS, type Schema } from './schemas.ts'

describe('forms', () => {
  it.each<[string, Schema, unknown, path: string, code: string]>([
    [
      'channel_id=abc',
      restInput.searchQuery,
      { channel_id: 'abc' },
      'channel_id',
      'NUMBER_TYPE_COERCE',
    ],
    ['author_id=x', restInput.searchQuery, { author_id: 'x' }, 'author_id', 'NUMBER_TYPE_COERCE'],
    ['mentions=x', restInput.searchQuery, { mentions: 'x' }, 'mentions', 'NUMBER_TYPE_COERCE'],
    [
      'the second id of two',
      restInput.searchQuery,
      { mentions: [ID, 'x'] },
      'mentions.1',
      'NUMBER_TYPE_COERCE',
    ],
    [
      '101 ids',
      restInput.searchQuery,
      { author_id: Array(101).fill(ID) },
      'author_id',
      'BASE_TYPE_MAX_LENGTH',
    ],
    ['has=foo', restInput.searchQuery, { has: 'foo' }, 'has', 'BASE_TYPE_CHOICES'],
    [
      'author_type=foo',
      restInput.searchQuery,
      { author_type: 'foo' },
      'author_type',
      'BASE_TYPE_CHOICES',
    ],
    [
      'permissions',
      restInput.writeRole,
      { permissions: {} },
      'permissions',
      'PERMISSIONS_TYPE_COERCE',
    ],
    ['allow', restInput.putOverwrite, { type: 0, allow: true }, 'allow', 'PERMISSIONS_TYPE_COERCE'],
    ['overwrite type', restInput.putOverwrite, { type: 2 }, 'type', 'BASE_TYPE_CHOICES'],
    ['no overwrite type', restInput.putOverwrite, {}, 'type', 'BASE_TYPE_REQUIRED'],
    ['nonce object', messageInput.createMessage, { nonce: {} }, 'nonce', 'STRING_TYPE_CONVERT'],
    ['nonce fraction', messageInput.createMessage, { nonce: 1.5 }, 'nonce', 'INT_TYPE_CONVERT'],
    [
      'long nonce',
      messageInput.createMessage,
      { nonce: 'x'.repeat(26) },
      'nonce',
      'BASE_TYPE_MAX_LENGTH',
    ],
    ['large nonce', messageInput.createMessage, { nonce: 2n ** 63n }, 'nonce', 'NUMBER_TYPE_MAX'],
  ])('report the error of %s at its field', (_name, schema, input, path, code) => {
    const errors: unknown = formErrors(schema.safeParse(input, { reportInput: true }).error!)
    const at = path
      .split('.')
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], errors)
    expect(at, JSON.stringify(errors)).toMatchObject({ _errors: [{ code }] })
  })

  it('accept or refuse any value, and never throw', () => {
    const schemas: Schema[] = [
      ...Object.values(restInput),
      messageInput.createMessage,
      messageInput.editMessage,
      messageInput.bulkDelete,
      gatewayInput.identify,
      gatewayInput.resume,
      gatewayInput.presence,
      gatewayInput.requestMembers,
      gatewayInput.frame,
    ]
    const hostile = fc.oneof(fc.jsonValue(), fc.constantFrom(...NOT_IDS))
    const fields = [
      'name',
      'content',
      'id',
      'type',
      'limit',
      'roles',
      'embeds',
      'nonce',
      'allow',
      'token',
      'op',
      'd',
      'guild_id',
      'status',
    ]
    fc.assert(
      fc.property(
        fc.oneof(hostile, fc.dictionary(fc.constantFrom(...fields), hostile)),
        (value) => {
          for (const schema of schemas) {
            const result = schema.safeParse(value)
            if (!result.success) formErrors(result.error!)
          }
        },
      ),
    )
  })

  it('accept an empty query, a heartbeat without sequence and an identify without intents', () => {
    expect(restInput.pageQuery.parse({})).toEqual({ limit: 50 })
    expect(restInput.searchQuery.parse({})).toEqual({ limit: 25, offset: 0 })
    expect(restInput.createInvite.parse(undefined)).toEqual({})
    expect(gatewayInput.frame.parse({ op: 1 })).toEqual({ op: 1 })
    expect(gatewayInput.identify.parse({ token: 'x' })).toEqual({ token: 'x' })
  })

  it('give an overwrite its defaults and a numeric type', () => {
    expect(restInput.putOverwrite.parse({ type: 'member' })).toEqual({
      type: 1,
      allow: '0',
      deny: '0',
    })
    expect(restInput.putOverwrite.parse({ type: 0, allow: 1024, deny: null })).toEqual({
      type: 0,
      allow: '1024',
      deny: '0',
    })
    for (const allow of ['-1', '1.5', 'abc', { $gt: '' }, -1, 1e21])
      expect(restInput.putOverwrite.safeParse({ type: 0, allow }).success).toBe(false)
  })

  it('drop unknown bits of a permission set', () => {
    const { allow, deny } = restInput.putOverwrite.parse({
      type: 0,
      allow: 2 ** 53 - 1,
      deny: String(2n ** 62n + 1024n),
    })
    expect([BigInt(allow), deny]).toEqual([ALL_PERMISSIONS & (2n ** 53n - 1n), '1024'])
    expect(restInput.writeRole.parse({ permissions: '000' }).permissions).toBe('0')
  })

  it('keep a nonce unchanged', () => {
    for (const nonce of ['', 'abc', 123, '0123', ' a ', 2n ** 63n - 1n, -(2n ** 63n)])
      expect(messageInput.createMessage.parse({ nonce }).nonce).toBe(nonce)
    for (const nonce of ['x'.repeat(26), 1.5, {}, true, 2n ** 63n])
      expect(messageInput.createMessage.safeParse({ nonce }).success).toBe(false)
  })

  it('count code points, after trimming text', () => {
    const content = (text: string) => messageInput.createMessage.safeParse({ content: text })
    expect(content('🦑'.repeat(1_001)).success).toBe(true)
    expect(content('🦑'.repeat(2_000)).success).toBe(true)
    expect(content('🦑'.repeat(2_001)).success).toBe(false)
    expect(content(`${'x'.repeat(2_000)}   `).data?.content).toBe('x'.repeat(2_000))
    expect(content('x'.repeat(2_001)).success).toBe(false)
    expect(
      restInput.createChannel.safeParse({
        name: '🦑'.repeat(100),
        topic: ` ${'🦑'.repeat(1_024)} `,
      }).success,
    ).toBe(true)
    expect(restInput.editMember.safeParse({ nick: '🦑'.repeat(32) }).success).toBe(true)
    expect(restInput.editMember.safeParse({ nick: '🦑'.repeat(33) }).success).toBe(false)
    const embeds = (description: string) =>
      messageInput.createMessage.safeParse({ embeds: [{ description }] })
    expect(embeds('🦑'.repeat(4_096)).success).toBe(true)
    expect(embeds(` ${'x'.repeat(4_096)} `).data?.embeds).toEqual([
      { description: 'x'.repeat(4_096) },
    ])
  })

  it('accept only Discord’s locales', () => {
    for (const preferred_locale of ['', 'en', 'de\0', 'xx-XX', 'EN-US'])
      expect(formErrors(restInput.editGuild.safeParse({ preferred_locale }).error!)).toMatchObject({
        preferred_locale: { _errors: [{ code: 'BASE_TYPE_CHOICES' }] },
      })
    for (const preferred_locale of ['de', 'he', 'zh-TW', null])
      expect(restInput.editGuild.safeParse({ preferred_locale }).success).toBe(true)
  })

  it('accept invalid member ids, which are answered as not found', () => {
    const ids = (user_ids: unknown) =>
      gatewayInput.requestMembers.safeParse({ guild_id: ID, user_ids }).data?.user_ids
    expect(ids(['abc', ID, 12, 9_007_199_254_740_993n])).toEqual([
      'abc',
      ID,
      '12',
      '9007199254740993',
    ])
    expect(ids('abc')).toEqual(['abc'])
    expect(ids([1.5, 'x'.repeat(200), 'a\ud83d'])).toEqual(['1.5', 'x'.repeat(200), 'a\ufffd'])
    expect(ids([{ $gt: '' }, null, true, [ID], ID])).toEqual([ID])
    for (const none of [true, {}, [null], []]) expect(ids(none)).toEqual([])
    expect(ids(Array.from({ length: 101 }, () => ID))).toBeUndefined()
  })

  it('refuse half a surrogate pair, except in the names of people', () => {
    const half = 'a\ud83d'
    expect(formErrors(messageInput.createMessage.safeParse({ content: half }).error!)).toEqual({
      content: {
        _errors: [{ code: 'BASE_TYPE_BAD_UNICODE', message: 'Must be well-formed Unicode.' }],
      },
    })
    for (const input of [{ nonce: half }, { embeds: [{ fields: [{ name: half, value: 'x' }] }] }])
      expect(messageInput.createMessage.safeParse(input).success).toBe(false)
    expect(restInput.createChannel.safeParse({ name: half }).success).toBe(false)
    expect(restInput.editMember.parse({ nick: half })).toEqual({ nick: half })
    expect(messageInput.createMessage.parse({ content: '\ud83d\udc4d' })).toEqual({ content: '👍' })
  })
})
