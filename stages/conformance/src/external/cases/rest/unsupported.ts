import type { APIChannel, APIGuild, APIMessage, APIRole } from 'discord-api-types/v10'
import { invalid, type Method, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import type { TestUser } from '../../test-user.ts'

const IMAGE = 'data:image/png;base64,AAAA'

/** Each field by itself, refused by its name. A dot leads into the form, as in `errors`. */
async function refuseEach(
  { api }: TestUser,
  method: Method,
  path: string,
  rest: object,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [field, value] of Object.entries(fields)) {
    const nested = field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
    const answer = await api.expectError(invalid(field), method, path, {
      ...rest,
      ...(nested as object),
    })
    expectEqual(
      /not supported/.test(answer.text),
      true,
      `${method} ${path} says that ${field} is not supported`,
    )
  }
}

const CHANNEL_FIELDS = {
  rtc_region: 'rotterdam',
  video_quality_mode: 2,
  default_auto_archive_duration: 60,
  default_thread_rate_limit_per_user: 5,
  default_reaction_emoji: { emoji_name: '🦑' },
  default_sort_order: 1,
  available_tags: [{ name: 'tag' }],
}

export const unsupportedCases: readonly Case[] = [
  {
    id: 'rest.unsupported.messages',
    title:
      'A message with a part that is not supported is refused by the name of the part, with and without content',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textId}/messages`
      const button = { type: 2, style: 1, label: 'x', custom_id: 'x' }
      const edits = {
        components: [{ type: 1, components: [button] }],
        attachments: [{ id: '0', filename: 'x.txt' }],
        flags: 1 << 15,
      }
      const parts = {
        ...edits,
        sticker_ids: [guild.id],
        poll: { question: { text: '?' }, answers: [] },
      }
      for (const rest of [{}, { content: 'hi' }])
        await refuseEach(guild.owner, 'POST', path, rest, parts)
      const { id } = await guild.send('stays')
      await refuseEach(guild.owner, 'PATCH', `${path}/${id}`, { content: 'changed' }, edits)
      const forward = { message_reference: { type: 1, message_id: id, channel_id: guild.textId } }
      await guild.owner.api.expectError(invalid('message_reference.type'), 'POST', path, forward)
      const kept = await guild.owner.api.get<APIMessage[]>(path)
      expectEqual(
        kept.map((message) => message.content),
        ['stays'],
        'what was said',
      )
    },
  },
  {
    id: 'rest.unsupported.files',
    title: 'A file sent along is refused by name',
    async run(fixture) {
      const guild = await fixture.guild()
      const raw = [
        '--x',
        'Content-Disposition: form-data; name="payload_json"',
        'Content-Type: application/json',
        '',
        '{"content":"with a file"}',
        '--x',
        'Content-Disposition: form-data; name="files[0]"; filename="a.txt"',
        'Content-Type: text/plain',
        '',
        'text',
        '--x--',
        '',
      ].join('\r\n')
      const headers = { 'content-type': 'multipart/form-data; boundary=x' }
      const path = `/channels/${guild.textId}/messages`
      await guild.owner.api.expectError(invalid('files'), 'POST', path, undefined, { raw, headers })
      expectEqual(await guild.owner.api.get(path), [], 'what was said')
    },
  },
  {
    id: 'rest.unsupported.channels',
    title: 'A field of channels that is not supported is refused by name, and so is a type',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      await refuseEach(guild.owner, 'POST', path, { name: 'x' }, CHANNEL_FIELDS)
      for (const type of [10, 11, 12, 13, 14, 15, 16])
        await guild.owner.api.expectError(invalid('type', 'BASE_TYPE_CHOICES'), 'POST', path, {
          name: 'x',
          type,
        })
      const changed = { name: 'changed' }
      const more = {
        ...CHANNEL_FIELDS,
        flags: 16,
        archived: true,
        auto_archive_duration: 60,
        applied_tags: [guild.id],
      }
      await refuseEach(guild.owner, 'PATCH', `/channels/${guild.textId}`, changed, more)
      expectIncludes(
        await guild.owner.api.get(`/channels/${guild.textId}`),
        { name: 'text' },
        'the channel',
      )
    },
  },
  {
    id: 'rest.unsupported.channel-types',
    title:
      'A field that Discord documents for other types of channel alone is refused by name; one that asks for nothing is not',
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const category = await guild.createChannel({ name: 'category', type: 4 })
      const call = { bitrate: 96_000, user_limit: 5 }
      const text = { topic: 'what for', nsfw: true, rate_limit_per_user: 5 }
      const foreign = { 0: call, 5: call, 2: { topic: text.topic }, 4: { ...call, ...text } }
      for (const [type, fields] of Object.entries(foreign))
        await refuseEach(guild.owner, 'POST', path, { name: 'x', type: Number(type) }, fields)
      const made = {
        [guild.textId]: foreign[0],
        [guild.voiceId]: foreign[2],
        [category.id]: foreign[4],
      }
      for (const [id, fields] of Object.entries(made))
        await refuseEach(guild.owner, 'PATCH', `/channels/${id}`, { name: 'changed' }, fields)
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `/channels/${guild.textId}`, call)
      const nothing = {
        topic: null,
        nsfw: false,
        rate_limit_per_user: 0,
        bitrate: 64_000,
        user_limit: 0,
      }
      for (const type of [0, 2, 4, 5])
        expectIncludes(
          await guild.createChannel({ name: 'y', type, ...nothing }),
          { name: 'y', type },
          'asks for nothing',
        )
      for (const id of Object.keys(made)) {
        expectIncludes(
          await guild.owner.api.patch(`/channels/${id}`, nothing),
          { topic: null, nsfw: false, rate_limit_per_user: 0 },
          'edited',
        )
      }
    },
  },
  {
    id: 'rest.unsupported.guilds',
    title: 'A field of guilds and roles that is not supported is refused by name',
    async run(fixture) {
      const guild = await fixture.guild()
      await refuseEach(
        guild.owner,
        'PATCH',
        `/guilds/${guild.id}`,
        { name: 'changed' },
        {
          icon: IMAGE,
          banner: IMAGE,
          splash: IMAGE,
          features: ['COMMUNITY'],
          rules_channel_id: guild.textId,
          system_channel_flags: 1,
          premium_progress_bar_enabled: true,
        },
      )
      expectIncludes(
        await guild.owner.api.get(`/guilds/${guild.id}`),
        { name: guild.name, icon: null },
        'the guild',
      )
      await refuseEach(
        guild.owner,
        'POST',
        '/guilds',
        { name: 'new' },
        { icon: IMAGE, channels: [{ name: 'x' }] },
      )
      const fields = { icon: IMAGE, unicode_emoji: '🦑', 'colors.secondary_color': 5 }
      await refuseEach(
        guild.owner,
        'POST',
        `/guilds/${guild.id}/roles`,
        {},
        { icon: IMAGE, unicode_emoji: '🦑' },
      )
      const role = await guild.createRole(0n)
      const colors = { primary_color: 1, secondary_color: fields['colors.secondary_color'] }
      const path = `/guilds/${guild.id}/roles/${role.id}`
      await guild.owner.api.expectError(invalid('colors.secondary_color'), 'PATCH', path, {
        colors,
      })
      await refuseEach(guild.owner, 'PATCH', path, {}, { icon: IMAGE, unicode_emoji: '🦑' })
    },
  },
  {
    id: 'rest.unsupported.members',
    title: 'A field of members and invites that is not supported is refused by name',
    async run(fixture) {
      const [guild, newcomer] = [await fixture.guild(), await fixture.user()]
      const token = { access_token: newcomer.token }
      await refuseEach(guild.owner, 'PUT', `/guilds/${guild.id}/members/${newcomer.id}`, token, {
        mute: true,
        deaf: true,
      })
      await guild.owner.api.expectError(
        { status: 404, code: 10007 },
        'GET',
        `/guilds/${guild.id}/members/${newcomer.id}`,
      )
      await refuseEach(
        guild.member,
        'PATCH',
        `/guilds/${guild.id}/members/@me`,
        { nick: 'changed' },
        { bio: 'x', avatar: IMAGE },
      )
      await refuseEach(
        guild.owner,
        'POST',
        `/channels/${guild.textId}/invites`,
        {},
        {
          target_type: 1,
          target_user_id: guild.member.id,
          role_ids: [guild.id],
        },
      )
    },
  },
  {
    id: 'rest.unsupported.nothing',
    title:
      'Fields that are not supported are taken where they ask for nothing: libraries send their whole structure',
    async run(fixture) {
      const guild = await fixture.guild()
      const { api } = guild.owner
      const none = { components: [], sticker_ids: [], attachments: null, poll: null, flags: 0 }
      expectIncludes(
        await api.post<APIMessage>(`/channels/${guild.textId}/messages`, {
          content: 'hi',
          ...none,
        }),
        { content: 'hi' },
        'the message',
      )
      const standing = {
        rtc_region: null,
        video_quality_mode: 1,
        default_auto_archive_duration: 1_440,
        available_tags: [],
        flags: 0,
      }
      expectIncludes(
        await api.patch<APIChannel>(`/channels/${guild.voiceId}`, { name: 'call', ...standing }),
        { name: 'call' },
        'the channel',
      )
      const plain = {
        icon: null,
        banner: null,
        features: [],
        system_channel_flags: 0,
        rules_channel_id: null,
      }
      expectIncludes(
        await api.patch<APIGuild>(`/guilds/${guild.id}`, { name: 'plain', ...plain }),
        { name: 'plain' },
        'the guild',
      )
      const role = {
        name: 'r',
        icon: null,
        unicode_emoji: null,
        colors: { primary_color: 7, secondary_color: null, tertiary_color: null },
      }
      expectIncludes(
        await api.post<APIRole>(`/guilds/${guild.id}/roles`, role),
        { name: 'r', color: 7 },
        'the role',
      )
    },
  },
]
