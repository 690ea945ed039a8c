import type { APIMessage } from 'discord-api-types/v10'
import { invalid } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'

export const embedCases: readonly Case[] = [
  {
    id: 'rest.messages.send.embeds',
    title: 'A message has up to ten embeds, with content or without',
    covers: ['intro.silence', 'rest.route.messages'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const embeds = [
        {
          title: 'Notes',
          description: 'on the engine',
          fields: [{ name: 'a', value: 'b', inline: true }],
          color: 5,
        },
      ]
      const message = await guild.owner.api.post<APIMessage>(path, { embeds })
      expectIncludes(message.embeds[0], embeds[0]!, 'the embed')
      expectEqual(message.content, '', 'the content')
      expectIncludes(
        (await guild.member.api.get<APIMessage>(`${path}/${message.id}`)).embeds[0],
        embeds[0]!,
        'the embed in the history',
      )
      await guild.owner.api.expectError(invalid('embeds'), 'POST', path, {
        embeds: Array.from({ length: 11 }, () => embeds[0]),
      })
      await guild.owner.api.expectError(
        invalid('embeds.0.title', 'BASE_TYPE_MAX_LENGTH'),
        'POST',
        path,
        {
          embeds: [{ title: 'x'.repeat(257) }],
        },
      )
    },
  },
  {
    id: 'rest.messages.send.embeds.fields',
    title: 'An embed keeps only the fields that Discord documents, and its type is `rich`',
    covers: ['intro.silence'],
    async run(fixture) {
      const guild = await fixture.guild()
      const url = 'https://example.org/a.png'
      const kept = {
        title: 'Notes',
        description: 'on the engine',
        url,
        color: 0xffffff,
        image: { url },
        thumbnail: { url },
        footer: { text: 'f', icon_url: url },
        author: { name: 'Ada', url, icon_url: url },
      }
      const more = {
        type: 'video',
        flags: 0,
        provider: { name: 'p' },
        odd: 1,
        fields: [{ name: 'a', value: 'b' }],
      }
      const sent = { ...kept, ...more, timestamp: '2026-01-02T03:04:05+02:00' }
      const { embeds } = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textChannelId}/messages`,
        { embeds: [sent] },
      )
      const { timestamp, ...embed } = embeds[0]!
      expectEqual(
        embed as object,
        { ...kept, type: 'rich', fields: [{ name: 'a', value: 'b', inline: false }] },
        'the embed',
      )
      expectEqual(Date.parse(timestamp!), Date.parse(sent.timestamp), 'the timestamp')
      const nulls = {
        title: 'bare',
        description: null,
        color: null,
        url: null,
        image: null,
        footer: null,
        author: null,
        fields: [],
      }
      const bare = await guild.owner.api.post<APIMessage>(
        `/channels/${guild.textChannelId}/messages`,
        {
          content: 'x',
          embeds: [nulls, {}],
        },
      )
      expectEqual(
        bare.embeds as object[],
        [{ type: 'rich', title: 'bare' }],
        'an embed with only one field',
      )
    },
  },
  {
    id: 'rest.messages.send.embeds.refused',
    title:
      'Fields of an embed have types and lengths, and all embeds of a message have 6,000 ' +
      'characters at most',
    covers: ['errors.50035'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const invalidFields: Readonly<Record<string, unknown>> = {
        title: 7,
        description: 'x'.repeat(4_097),
        url: 'javascript:alert(1)',
        color: 0x1000000,
        timestamp: 'yesterday',
        footer: 'f',
        image: [],
        fields: Array.from({ length: 26 }, () => ({ name: 'n', value: 'v' })),
      }
      for (const [field, value] of Object.entries(invalidFields))
        await guild.owner.api.expectError(invalid(`embeds.0.${field}`), 'POST', path, {
          embeds: [{ title: 't', [field]: value }],
        })
      const nameless = { embeds: [{ title: 't', fields: [{ value: 'v' }] }] }
      await guild.owner.api.expectError(
        invalid('embeds.0.fields.0.name', 'BASE_TYPE_REQUIRED'),
        'POST',
        path,
        nameless,
      )
      const embeds = [{ description: 'x'.repeat(4_000) }, { description: 'x'.repeat(2_001) }]
      await guild.owner.api.expectError(
        invalid('embeds', 'MAX_EMBED_SIZE_EXCEEDED'),
        'POST',
        path,
        {
          embeds,
        },
      )
      expectEqual(await guild.owner.api.get(path), [], 'the history')
    },
  },
]
