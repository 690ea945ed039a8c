import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  ALL_PERMISSIONS,
  formErrors,
  gatewayInput,
  isSnowflake,
  messageInput,
  restInput,
} from '../src/index.ts'

type Schema = {
  safeParse(
    value: unknown,
    options?: { reportInput: true },
  ): { success: boolean; data?: unknown; error?: Parameters<typeof formErrors>[0] | undefined }
}

const ID = '80351110224678912'
const role = { id: ID, type: 0 }

/** Every field of every schema that holds an id: the form around it, and where it sits. */
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

const NOT_IDS: readonly unknown[] = [
  { $gt: '' },
  { $ne: null },
  { $where: 'sleep(1)' },
  { toString: 1, valueOf: 1 },
  { toString: { $gt: '' } },
  [[ID]],
  true,
  '',
  'abc',
  '-1',
  '1e3',
  '0x10',
  1.5,
  -1,
  2 ** 53,
  '9'.repeat(20),
]

describe.each(ID_FIELDS)('the id field %s', (_name, schema, form) => {
  it('takes an id, as text or as the bare number some libraries send', () => {
    expect(schema.safeParse(form(ID)).success).toBe(true)
    expect(schema.safeParse(form(12345)).success).toBe(true)
  })

  it('refuses operators and whatever else is no id, with a form error and not with an exception', () => {
    for (const wrong of NOT_IDS) {
      const result = schema.safeParse(form(wrong))
      expect(result.success, JSON.stringify(wrong)).toBe(false)
      expect(JSON.stringify(formErrors(result.error!))).toContain('_errors')
    }
  })
})

describe('ids', () => {
  it('have one spelling: leading zeros are dropped', () => {
    expect(restInput.pageQuery.parse({ before: `000${ID.slice(0, 16)}` }).before).toBe(
      ID.slice(0, 16),
    )
    expect(restInput.createDm.parse({ recipient_id: '0' }).recipient_id).toBe('0')
  })

  it('come out as ids whatever goes in, or do not come out', () => {
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

  it('is 50 unless told, and 1 to 100', () => {
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
  ])('name the fault of %s at its field', (_name, schema, input, path, code) => {
    const errors: unknown = formErrors(schema.safeParse(input, { reportInput: true }).error!)
    const at = path
      .split('.')
      .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], errors)
    expect(at, JSON.stringify(errors)).toMatchObject({ _errors: [{ code }] })
  })

  it('refuse or take anything at all, and never throw', () => {
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

  it('take a query without anything, a beat without a sequence and a login without intents', () => {
    expect(restInput.pageQuery.parse({})).toEqual({ limit: 50 })
    expect(restInput.searchQuery.parse({})).toEqual({ limit: 25, offset: 0 })
    expect(restInput.createInvite.parse(undefined)).toEqual({})
    expect(gatewayInput.frame.parse({ op: 1 })).toEqual({ op: 1 })
    expect(gatewayInput.identify.parse({ token: 'x' })).toEqual({ token: 'x' })
  })

  it('give an overwrite its defaults, and its type as a number', () => {
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

  it('keep of a permission set the bits that stand for a permission', () => {
    const { allow, deny } = restInput.putOverwrite.parse({
      type: 0,
      allow: 2 ** 53 - 1,
      deny: String(2n ** 62n + 1024n),
    })
    expect([BigInt(allow), deny]).toEqual([ALL_PERMISSIONS & (2n ** 53n - 1n), '1024'])
    expect(restInput.writeRole.parse({ permissions: '000' }).permissions).toBe('0')
  })

  it('keep a nonce as it came', () => {
    for (const nonce of ['', 'abc', 123, '0123', ' a ', 2n ** 63n - 1n, -(2n ** 63n)])
      expect(messageInput.createMessage.parse({ nonce }).nonce).toBe(nonce)
    for (const nonce of ['x'.repeat(26), 1.5, {}, true, 2n ** 63n])
      expect(messageInput.createMessage.safeParse({ nonce }).success).toBe(false)
  })

  it('count code points, after trimming what people write', () => {
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

  it('take only the locales that Discord has', () => {
    for (const preferred_locale of ['', 'en', 'de\0', 'xx-XX', 'EN-US'])
      expect(formErrors(restInput.editGuild.safeParse({ preferred_locale }).error!)).toMatchObject({
        preferred_locale: { _errors: [{ code: 'BASE_TYPE_CHOICES' }] },
      })
    for (const preferred_locale of ['de', 'he', 'zh-TW', null])
      expect(restInput.editGuild.safeParse({ preferred_locale }).success).toBe(true)
  })

  it('take members by ids that are none, to be told that they were not found', () => {
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

  it('refuse half a surrogate pair wherever it could not be kept as it is, and take it in what people call themselves', () => {
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
