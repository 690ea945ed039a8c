import { formErrors } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { messageInput, restInput } from '../../src/input/index.ts'

type Form = {
  safeParse(value: unknown): {
    success: boolean
    error?: Parameters<typeof formErrors>[0] | undefined
  }
}

const ID = '80351110224678912'
const IMAGE = 'data:image/png;base64,AAAA'
const message = { content: 'x' }
const reply = (type: unknown) => ({ ...message, message_reference: { message_id: ID, type } })

/** A form, its unsupported field, and values of the field that ask and do not ask for anything. */
const FIELDS: readonly [form: Form, path: string, asking: object, notAsking: readonly object[]][] =
  [
    [
      messageInput.createMessage,
      'components',
      { components: [{ type: 1, components: [] }] },
      [{ components: [] }, { components: null }],
    ],
    [messageInput.createMessage, 'components', { ...message, components: [{ type: 1 }] }, []],
    [messageInput.createMessage, 'poll', { poll: { question: { text: 'x' } } }, [{ poll: null }]],
    [messageInput.createMessage, 'sticker_ids', { sticker_ids: [ID] }, [{ sticker_ids: [] }]],
    [
      messageInput.createMessage,
      'attachments',
      { attachments: [{ id: 0 }] },
      [{ attachments: [] }],
    ],
    [
      messageInput.createMessage,
      'shared_client_theme',
      { shared_client_theme: { colors: [] } },
      [],
    ],
    [
      messageInput.createMessage,
      'flags',
      { ...message, flags: 1 << 13 },
      [{ flags: 4 }, { flags: 1 << 12 }, { flags: 64 }],
    ],
    [messageInput.createMessage, 'flags', { ...message, flags: (1 << 15) | 4 }, []],
    [messageInput.createMessage, 'message_reference.type', reply(1), [reply(0), reply(null)]],
    [messageInput.editMessage, 'components', { components: [{ type: 1 }] }, [{ components: [] }]],
    [messageInput.editMessage, 'attachments', { attachments: [{ id: ID }] }, [{ attachments: [] }]],
    [messageInput.editMessage, 'flags', { flags: 1 << 15 }, [{ flags: 4 }]],
    ...channelFields(restInput.createChannel, { name: 'x' }),
    ...channelFields(restInput.editChannel, {}),
    [restInput.createChannel, 'type', { name: 'x', type: 13 }, [{ name: 'x', type: 2 }]],
    [restInput.createChannel, 'type', { name: 'x', type: 11 }, []],
    [restInput.editChannel, 'archived', { archived: true }, [{ archived: false }]],
    [restInput.editChannel, 'applied_tags', { applied_tags: [ID] }, [{ applied_tags: [] }]],
    [restInput.editGuild, 'icon', { icon: IMAGE }, [{ icon: null }]],
    [restInput.editGuild, 'banner', { banner: IMAGE }, [{ banner: null }]],
    [restInput.editGuild, 'splash', { splash: IMAGE }, [{ splash: null }]],
    [restInput.editGuild, 'features', { features: ['COMMUNITY'] }, [{ features: [] }]],
    [
      restInput.editGuild,
      'rules_channel_id',
      { rules_channel_id: ID },
      [{ rules_channel_id: null }],
    ],
    [
      restInput.editGuild,
      'system_channel_flags',
      { system_channel_flags: 1 },
      [{ system_channel_flags: 0 }],
    ],
    [
      restInput.editGuild,
      'region',
      { region: 'rotterdam' },
      [{ region: 'deprecated' }, { region: null }],
    ],
    [restInput.createGuild, 'icon', { name: 'xx', icon: IMAGE }, [{ name: 'xx', icon: null }]],
    [
      restInput.createGuild,
      'channels',
      { name: 'xx', channels: [{ name: 'x' }] },
      [{ name: 'xx', channels: [], roles: [] }],
    ],
    [restInput.writeRole, 'icon', { icon: IMAGE }, [{ icon: null }]],
    [
      restInput.writeRole,
      'unicode_emoji',
      { unicode_emoji: '🦑' },
      [{ unicode_emoji: null }, { unicode_emoji: '' }],
    ],
    [
      restInput.writeRole,
      'colors.secondary_color',
      { colors: { primary_color: 1, secondary_color: 2 } },
      [{ colors: { primary_color: 1, secondary_color: null, tertiary_color: null } }],
    ],
    [
      restInput.putMember,
      'mute',
      { access_token: 'x', mute: true },
      [{ access_token: 'x', mute: false }],
    ],
    [
      restInput.putMember,
      'deaf',
      { access_token: 'x', deaf: true },
      [{ access_token: 'x', deaf: null }],
    ],
    [
      restInput.editMember,
      'communication_disabled_until',
      { communication_disabled_until: '2026-01-01T00:00:00Z' },
      [{ communication_disabled_until: null }],
    ],
    [restInput.editMember, 'channel_id', { channel_id: ID }, [{}]],
    [restInput.editMember, 'channel_id', { channel_id: null }, []],
    [restInput.editMember, 'flags', { flags: 4 }, [{ flags: 0 }]],
    [restInput.editMember, 'bio', { bio: 'x' }, [{ bio: null }]],
    [restInput.createInvite, 'target_type', { target_type: 1 }, [{ target_type: null }]],
    [restInput.createInvite, 'target_user_id', { target_user_id: ID }, []],
    [
      restInput.createDm,
      'access_tokens',
      { recipient_id: ID, access_tokens: ['x'] },
      [{ recipient_id: ID, access_tokens: [] }],
    ],
  ]

function channelFields(form: Form, rest: object): typeof FIELDS {
  return [
    [form, 'rtc_region', { ...rest, rtc_region: 'rotterdam' }, [{ ...rest, rtc_region: null }]],
    [
      form,
      'video_quality_mode',
      { ...rest, video_quality_mode: 2 },
      [{ ...rest, video_quality_mode: 1 }],
    ],
    [
      form,
      'default_auto_archive_duration',
      { ...rest, default_auto_archive_duration: 60 },
      [{ ...rest, default_auto_archive_duration: 1_440 }],
    ],
    [
      form,
      'available_tags',
      { ...rest, available_tags: [{ name: 'x' }] },
      [{ ...rest, available_tags: [] }],
    ],
    [form, 'flags', { ...rest, flags: 16 }, [{ ...rest, flags: 0 }]],
  ]
}

describe.each(FIELDS)('what is not supported (%#)', (form, path, asking, notAsking) => {
  it(`is refused by name: ${path}`, () => {
    const result = form.safeParse(asking)
    expect(result.success).toBe(false)
    const at = path
      .split('.')
      .reduce<unknown>(
        (node, key) => (node as Record<string, unknown>)[key],
        formErrors(result.error!),
      )
    const [error] = (at as { _errors: { code: string; message: string }[] })._errors
    if (path !== 'type')
      expect(error).toMatchObject({
        code: 'FIELD_UNSUPPORTED',
        message: expect.stringContaining(path),
      })
    else expect(error).toMatchObject({ code: 'BASE_TYPE_CHOICES' })
  })

  it(`is accepted with a value that asks for nothing: ${path}`, () => {
    for (const form_ of notAsking)
      expect(form.safeParse(form_).success, JSON.stringify(form_)).toBe(true)
  })
})
