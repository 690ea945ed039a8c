import { Permission } from '@threshold/contract'
import type { APIChannel } from 'discord-api-types/v10'
import { NO_ACCESS, NO_PERMISSION } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual } from '../../expect.ts'
import type { TestGuild } from '../../test-guild.ts'

const { ManageChannels, SendMessages, ViewChannel } = Permission

const overwritesOf = async (guild: TestGuild, channel: string): Promise<unknown> =>
  (await guild.owner.api.get<{ permission_overwrites: unknown }>(`/channels/${channel}`))
    .permission_overwrites

const hiddenCategory = (guild: TestGuild) =>
  guild.createHiddenChannel({ name: 'a category', type: 4 })

export const categoryCases: readonly Case[] = [
  {
    id: 'rest.categories.inherit',
    title:
      'A channel created in a category takes the category’s overwrites, unless others are given',
    covers: ['rest.categories'],
    async run(fixture) {
      const guild = await fixture.guild()
      const category = await hiddenCategory(guild)
      const categoryOverwrites = await overwritesOf(guild, category.id)
      for (const more of [{}, { permission_overwrites: [] }, { permission_overwrites: null }]) {
        const created = await guild.createChannel({ parent_id: category.id, ...more })
        expectEqual<unknown>(
          (created as { permission_overwrites?: unknown }).permission_overwrites,
          categoryOverwrites,
          'its overwrites',
        )
        await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${created.id}/messages`)
      }
      const allow = { id: guild.member.id, type: 1, allow: String(SendMessages), deny: '0' }
      const other = await guild.createChannel({
        parent_id: category.id,
        permission_overwrites: [allow],
      })
      expectEqual(await overwritesOf(guild, other.id), [allow], 'the given overwrites')
    },
  },
  {
    id: 'rest.categories.sync',
    title:
      'Channels synced with their category follow its overwrites, each with a CHANNEL_UPDATE; ' +
      'other channels do not',
    covers: ['rest.categories'],
    async run(fixture) {
      const guild = await fixture.guild()
      const category = await guild.createChannel({ name: 'a category', type: 4 })
      const [one, two, own] = await Promise.all([
        guild.createChannel({ parent_id: category.id }),
        guild.createChannel({ parent_id: category.id, type: 2 }),
        guild.createChannel({ parent_id: category.id }),
      ])
      await guild.setOverwrite(own.id, guild.id, 0, { deny: SendMessages })
      const kept = await overwritesOf(guild, own.id)
      const owner = await guild.owner.connect()
      await guild.setOverwrite(category.id, guild.id, 0, { deny: ViewChannel })
      for (const { id } of [one, two]) {
        await owner.nextEvent('CHANNEL_UPDATE', (channel) => channel.id === id)
        expectEqual(
          await overwritesOf(guild, id),
          await overwritesOf(guild, category.id),
          'a synced channel’s overwrites',
        )
        await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${id}`)
      }
      await owner.nextEvent('CHANNEL_UPDATE', (channel) => channel.id === category.id)
      expectEqual(
        await overwritesOf(guild, own.id),
        kept,
        'the overwrites of a channel that is not synced',
      )
      await guild.owner.api.delete(`/channels/${category.id}/permissions/${guild.id}`)
      expectEqual(
        await overwritesOf(guild, one.id),
        [],
        'the overwrites once the category has none',
      )
      const edited = await guild.owner.api.patch<APIChannel>(`/channels/${category.id}`, {
        permission_overwrites: [{ id: guild.id, type: 0, deny: String(ViewChannel) }],
      })
      expectEqual(edited.id, category.id, 'the id of the answer')
      expectEqual(
        await overwritesOf(guild, two.id),
        await overwritesOf(guild, category.id),
        'the overwrites after an edit',
      )
    },
  },
  {
    id: 'rest.categories.lock',
    title: '`lock_permissions` in PATCH /guilds/:id/channels syncs a channel with its new category',
    covers: ['rest.categories'],
    async run(fixture) {
      const guild = await fixture.guild()
      const category = await hiddenCategory(guild)
      const [kept, synced] = [await guild.createChannel(), await guild.createChannel()]
      await guild.owner.api.patch(`/guilds/${guild.id}/channels`, [
        { id: kept.id, parent_id: category.id },
        { id: synced.id, parent_id: category.id, lock_permissions: true },
      ])
      expectEqual(
        await overwritesOf(guild, kept.id),
        [],
        'the overwrites of a channel that only moved',
      )
      expectEqual(
        await overwritesOf(guild, synced.id),
        await overwritesOf(guild, category.id),
        'the overwrites of a channel that was locked',
      )
      await guild.member.api.expectError(NO_ACCESS, 'GET', `/channels/${synced.id}`)
    },
  },
  {
    id: 'rest.categories.judged-there',
    title: 'A member with MANAGE_CHANNELS in one category creates channels only there',
    covers: ['rest.categories'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/guilds/${guild.id}/channels`
      const category = await guild.createChannel({ name: 'a category', type: 4 })
      await guild.setOverwrite(category.id, guild.member.id, 1, { allow: ManageChannels })
      const created = await guild.member.api.request('POST', path, {
        name: 'mine',
        parent_id: category.id,
      })
      expectEqual(created.status, 201, 'status')
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, { name: 'mine' })
      const { id } = created.body as { id: string }
      await guild.member.api.patch(path, [{ id, position: 3 }])
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, [{ id, parent_id: null }])
    },
  },
  {
    id: 'rest.categories.refused',
    title:
      'MANAGE_CHANNELS in the guild does not apply in a category that denies it, nor in a ' +
      'hidden one',
    covers: ['rest.categories'],
    async run(fixture) {
      const guild = await fixture.guild()
      await guild.grantPermissions(guild.member, ManageChannels)
      const path = `/guilds/${guild.id}/channels`
      const hidden = await hiddenCategory(guild)
      const inside = await guild.createChannel({ parent_id: hidden.id })
      await guild.member.api.expectError(NO_ACCESS, 'POST', path, {
        name: 'mine',
        parent_id: hidden.id,
      })
      await guild.member.api.expectError(NO_ACCESS, 'PATCH', path, [
        { id: guild.textChannelId, parent_id: hidden.id },
      ])
      await guild.member.api.expectError(NO_ACCESS, 'PATCH', `/channels/${guild.textChannelId}`, {
        parent_id: hidden.id,
      })
      for (const move of [{ position: 3 }, { parent_id: null }])
        await guild.member.api.expectError(NO_ACCESS, 'PATCH', path, [{ id: inside.id, ...move }])
      const closed = await guild.createChannel({ name: 'a category', type: 4 })
      await guild.setOverwrite(closed.id, guild.member.id, 1, { deny: ManageChannels })
      await guild.member.api.expectError(NO_PERMISSION, 'POST', path, {
        name: 'mine',
        parent_id: closed.id,
      })
      await guild.member.api.expectError(NO_PERMISSION, 'PATCH', path, [
        { id: guild.textChannelId, parent_id: closed.id },
      ])
      await guild.member.api.expectError(
        NO_PERMISSION,
        'PATCH',
        `/channels/${guild.textChannelId}`,
        {
          parent_id: closed.id,
        },
      )
    },
  },
]
