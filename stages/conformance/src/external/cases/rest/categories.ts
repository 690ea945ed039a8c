import { Permission } from '@threshold/contract'
import type { APIChannel } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { same } from '../../expect.ts'
import type { TestGuild } from '../../guild.ts'
import { NO_ACCESS, NO_PERMISSION } from '../../rest.ts'

const { ManageChannels, SendMessages, ViewChannel } = Permission

const overwritesOf = async (guild: TestGuild, channel: string): Promise<unknown> =>
  (await guild.owner.api.get<{ permission_overwrites: unknown }>(`/channels/${channel}`))
    .permission_overwrites

const hiddenCategory = (guild: TestGuild) => guild.hiddenChannel({ name: 'a category', type: 4 })

export const categoryCases: readonly Case[] = [
  {
    id: 'rest.categories.inherit',
    sentence: 'A channel made in a category takes its overwrites, unless others are given',
    async run(world) {
      const guild = await world.guild()
      const category = await hiddenCategory(guild)
      const owners = await overwritesOf(guild, category.id)
      for (const more of [{}, { permission_overwrites: [] }, { permission_overwrites: null }]) {
        const made = await guild.channel({ parent_id: category.id, ...more })
        same<unknown>(
          (made as { permission_overwrites?: unknown }).permission_overwrites,
          owners,
          'its overwrites',
        )
        await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${made.id}/messages`)
      }
      const allow = { id: guild.member.id, type: 1, allow: String(SendMessages), deny: '0' }
      const other = await guild.channel({ parent_id: category.id, permission_overwrites: [allow] })
      same(await overwritesOf(guild, other.id), [allow], 'the overwrites that were given')
    },
  },
  {
    id: 'rest.categories.sync',
    sentence:
      'Channels that are synced with their category follow it, each with a CHANNEL_UPDATE; others do not',
    async run(world) {
      const guild = await world.guild()
      const category = await guild.channel({ name: 'a category', type: 4 })
      const [one, two, own] = await Promise.all([
        guild.channel({ parent_id: category.id }),
        guild.channel({ parent_id: category.id, type: 2 }),
        guild.channel({ parent_id: category.id }),
      ])
      await guild.overwrite(own.id, guild.id, 0, { deny: SendMessages })
      const kept = await overwritesOf(guild, own.id)
      const owner = await guild.owner.connect()
      await guild.overwrite(category.id, guild.id, 0, { deny: ViewChannel })
      for (const { id } of [one, two]) {
        await owner.next('CHANNEL_UPDATE', (channel) => channel.id === id)
        same(
          await overwritesOf(guild, id),
          await overwritesOf(guild, category.id),
          'a synced channel’s overwrites',
        )
        await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${id}`)
      }
      await owner.next('CHANNEL_UPDATE', (channel) => channel.id === category.id)
      same(
        await overwritesOf(guild, own.id),
        kept,
        'the overwrites of a channel that is not synced',
      )
      await guild.owner.api.delete(`/channels/${category.id}/permissions/${guild.id}`)
      same(await overwritesOf(guild, one.id), [], 'the overwrites once the category has none')
      const edited = await guild.owner.api.patch<APIChannel>(`/channels/${category.id}`, {
        permission_overwrites: [{ id: guild.id, type: 0, deny: String(ViewChannel) }],
      })
      same(edited.id, category.id, 'the answer is the category')
      same(
        await overwritesOf(guild, two.id),
        await overwritesOf(guild, category.id),
        'the overwrites after an edit',
      )
    },
  },
  {
    id: 'rest.categories.lock',
    sentence:
      '`lock_permissions` of PATCH /guilds/:id/channels syncs a channel with the category it moves to',
    async run(world) {
      const guild = await world.guild()
      const category = await hiddenCategory(guild)
      const [kept, synced] = [await guild.channel(), await guild.channel()]
      await guild.owner.api.patch(`/guilds/${guild.id}/channels`, [
        { id: kept.id, parent_id: category.id },
        { id: synced.id, parent_id: category.id, lock_permissions: true },
      ])
      same(await overwritesOf(guild, kept.id), [], 'the overwrites of a channel that only moved')
      same(
        await overwritesOf(guild, synced.id),
        await overwritesOf(guild, category.id),
        'those of one that was locked',
      )
      await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${synced.id}`)
    },
  },
  {
    id: 'rest.categories.judged-there',
    sentence:
      'A member who manages channels in a category alone makes channels there, and nowhere else',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/channels`
      const category = await guild.channel({ name: 'a category', type: 4 })
      await guild.overwrite(category.id, guild.member.id, 1, { allow: ManageChannels })
      const made = await guild.member.api.call('POST', path, {
        name: 'mine',
        parent_id: category.id,
      })
      same(made.status, 201, 'status')
      await guild.member.api.refused(NO_PERMISSION, 'POST', path, { name: 'mine' })
      const { id } = made.body as { id: string }
      await guild.member.api.patch(path, [{ id, position: 3 }])
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', path, [{ id, parent_id: null }])
    },
  },
  {
    id: 'rest.categories.refused',
    sentence:
      'MANAGE_CHANNELS in the guild is of no use in a category that denies it, nor for a channel that is hidden',
    async run(world) {
      const guild = await world.guild()
      await guild.grant(guild.member, ManageChannels)
      const path = `/guilds/${guild.id}/channels`
      const hidden = await hiddenCategory(guild)
      const inside = await guild.channel({ parent_id: hidden.id })
      await guild.member.api.refused(NO_ACCESS, 'POST', path, {
        name: 'mine',
        parent_id: hidden.id,
      })
      await guild.member.api.refused(NO_ACCESS, 'PATCH', path, [
        { id: guild.text, parent_id: hidden.id },
      ])
      await guild.member.api.refused(NO_ACCESS, 'PATCH', `/channels/${guild.text}`, {
        parent_id: hidden.id,
      })
      for (const move of [{ position: 3 }, { parent_id: null }])
        await guild.member.api.refused(NO_ACCESS, 'PATCH', path, [{ id: inside.id, ...move }])
      const closed = await guild.channel({ name: 'a category', type: 4 })
      await guild.overwrite(closed.id, guild.member.id, 1, { deny: ManageChannels })
      await guild.member.api.refused(NO_PERMISSION, 'POST', path, {
        name: 'mine',
        parent_id: closed.id,
      })
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', path, [
        { id: guild.text, parent_id: closed.id },
      ])
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', `/channels/${guild.text}`, {
        parent_id: closed.id,
      })
    },
  },
]
