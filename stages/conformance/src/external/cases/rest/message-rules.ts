import { Permission } from '@threshold/contract'
import type { APIMessage } from 'discord-api-types/v10'
import { EMPTY_MESSAGE, NO_PERMISSION, UNKNOWN_MESSAGE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes, expectTrue } from '../../expect.ts'

const { EmbedLinks, ManageMessages, MentionEveryone } = Permission

export const messageRuleCases: readonly Case[] = [
  {
    id: 'rest.messages.slow-mode',
    title:
      'With `rate_limit_per_user` a member who sends again too early is answered 429 with ' +
      'code 20016; moderators are exempt',
    covers: ['rest.enforced'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      await guild.owner.api.patch(`/channels/${guild.textChannelId}`, { rate_limit_per_user: 30 })
      // A refused send does not start the wait.
      await guild.member.api.expectError(EMPTY_MESSAGE, 'POST', path, {})
      const first = await guild.member.api.post<APIMessage>(path, {
        content: 'first',
        nonce: '1',
        enforce_nonce: true,
      })
      const tooEarly = await guild.member.api.request('POST', path, { content: 'second' })
      expectEqual(tooEarly.status, 429, 'status')
      const body = tooEarly.body as { code: number; retry_after: number; global: boolean }
      expectIncludes(body, { code: 20016, global: false }, 'the error')
      expectTrue(body.retry_after > 0 && body.retry_after <= 30, 'the time to wait', body)
      const retried = await guild.member.api.post<APIMessage>(path, {
        content: 'first',
        nonce: '1',
        enforce_nonce: true,
      })
      expectEqual(retried.id, first.id, 'a retry of the first send')
      for (let i = 0; i < 2; i++) await guild.send('the owner’s')
      await guild.grantPermissions(guild.member, ManageMessages)
      for (let i = 0; i < 2; i++) await guild.send('a moderator’s', guild.member)
    },
  },
  {
    id: 'rest.messages.slow-mode.before',
    title:
      'Slow mode counts messages sent before it was enabled, also with a nonce that was not ' +
      'enforced then',
    covers: ['rest.enforced'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const setSlowMode = (seconds: number) =>
        guild.owner.api.patch(`/channels/${guild.textChannelId}`, { rate_limit_per_user: seconds })
      await guild.member.api.post(path, { content: 'before', nonce: 'x' })
      await setSlowMode(3_600)
      const after = { content: 'after', nonce: 'x', enforce_nonce: true }
      expectEqual(
        (await guild.member.api.request('POST', path, after)).status,
        429,
        'a send with the same nonce',
      )
      await setSlowMode(0)
      const cy = await guild.newMember('cy')
      await cy.api.post(path, { content: 'while it is off' })
      await setSlowMode(3_600)
      expectEqual(
        (await cy.api.request('POST', path, { content: 'when it is on' })).status,
        429,
        'after slow mode was enabled again',
      )
    },
  },
  {
    id: 'rest.messages.enforce-nonce.deleted',
    title:
      'A retry after the message was deleted is answered like the first send, and creates no ' +
      'message and no event',
    covers: ['nonce'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const path = `/channels/${guild.textChannelId}/messages`
      const body = { content: 'once', nonce: 'deleted', enforce_nonce: true }
      const { id } = await guild.member.api.post<APIMessage>(path, body)
      await guild.member.api.delete(`${path}/${id}`)
      expectIncludes(await guild.member.api.post(path, body), { id, content: 'once' }, 'the retry')
      await guild.awaitDelivery(owner)
      expectEqual(
        owner.received('MESSAGE_CREATE', (message) => message.id === id).length,
        1,
        'the number of events',
      )
      await guild.member.api.expectError(UNKNOWN_MESSAGE, 'GET', `${path}/${id}`)
    },
  },
  {
    id: 'rest.messages.embed-links',
    title:
      'Without EMBED_LINKS a message with an embed is refused, and so is an edit that adds one',
    covers: ['rest.enforced'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/messages`
      const embeds = [{ title: 'a title' }]
      const { id } = await guild.member.api.post<APIMessage>(path, { content: 'with', embeds })
      await guild.setOverwrite(guild.textChannelId, guild.id, 0, { deny: EmbedLinks })
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, { content: 'with', embeds })
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, { embeds })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', `${path}/${id}`, { embeds })
      await guild.send('without', guild.member)
      const edited = await guild.member.api.patch<APIMessage>(`${path}/${id}`, {
        content: 'other words',
      })
      expectEqual(edited.embeds.length, 1, 'the embeds from before')
      expectEqual(
        (await guild.member.api.patch<APIMessage>(`${path}/${id}`, { embeds: [] })).embeds,
        [],
        'without embeds',
      )
    },
  },
  {
    id: 'rest.messages.code',
    title: 'A mention inside inline code or a code block mentions nobody',
    covers: ['rest.code'],
    async run(fixture) {
      const guild = await fixture.guild()
      const role = await guild.createRole(0n, { mentionable: true })
      await guild.grantPermissions(guild.member, MentionEveryone)
      const path = `/channels/${guild.textChannelId}/messages`
      const text = `<@${guild.owner.id}> <@&${role.id}> @everyone`
      const none = { mentions: [], mention_roles: [], mention_everyone: false }
      for (const content of [
        `\`${text}\``,
        `\`\` ${text} \`\``,
        `\`\`\`${text}\`\`\``,
        `\`\`\`md\n${text}\n\`\`\``,
      ])
        expectIncludes(
          await guild.member.api.post(path, { content }),
          { content, ...none },
          'in code',
        )
      const outside = await guild.member.api.post<APIMessage>(path, {
        content: `\`code\` ${text} \``,
      })
      expectIncludes(outside, { mention_everyone: true, mention_roles: [role.id] }, 'outside code')
      expectIncludes(
        await guild.member.api.patch(`${path}/${outside.id}`, { content: `\`${text}\`` }),
        none,
        'edited',
      )
    },
  },
]
