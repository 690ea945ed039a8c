import { Permission } from '@threshold/contract'
import type { APIExtendedInvite, APIInvite } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { holds, includes, same, wireTime } from '../../expect.ts'
import { USUAL } from '../../guild.ts'
import { invalid, NO_ACCESS, NO_PERMISSION, UNKNOWN_INVITE } from '../../rest.ts'

/** Until a temporary member who went offline is removed: a connection that broke may come back. */
const TEMPORARY_MS = 15_000

export const inviteCases: readonly Case[] = [
  {
    id: 'rest.invites.create',
    sentence: 'An invite to a channel is made, for a day unless said otherwise',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      const invite = await guild.member.api.post<APIExtendedInvite>(path, {})
      holds(
        typeof invite.code === 'string' && /^[\w-]{2,}$/.test(invite.code),
        'it has a code',
        invite,
      )
      includes(invite, { max_age: 86_400, max_uses: 0, temporary: false }, 'the invite')
      includes(invite.guild, { id: guild.id, name: guild.name }, 'its guild')
      includes(invite.channel, { id: guild.text, type: 0, name: 'text' }, 'its channel')
      includes(invite.inviter, { id: guild.member.id }, 'who made it')
      for (const time of [invite.created_at, invite.expires_at])
        wireTime(time, 'when it begins or ends')
      includes(
        await guild.member.api.post(path, { max_age: 60, max_uses: 3 }),
        { max_age: 60, max_uses: 3 },
        'as asked for',
      )
      const bodiless = await guild.member.api.post<APIInvite>(path)
      holds(bodiless.code !== invite.code, 'without a body it is another invite')
    },
  },
  {
    id: 'rest.invites.get',
    sentence: 'Whoever has the code sees the invite; a code that is none is 10006',
    async run(world) {
      const guild = await world.guild()
      const { code } = await guild.owner.api.post<APIInvite>(`/channels/${guild.text}/invites`, {})
      const stranger = await world.user('eve')
      const seen = await stranger.api.get<APIInvite>(`/invites/${code}`)
      includes(seen, { code }, 'the invite')
      includes(seen.guild, { id: guild.id, name: guild.name, nsfw: false }, 'its guild')
      includes(seen.channel, { id: guild.text }, 'its channel')
      for (const unknown of ['nonsense', 'a'.repeat(40), encodeURIComponent('{"$gt":""}')])
        await stranger.api.refused(UNKNOWN_INVITE, 'GET', `/invites/${unknown}`)
    },
  },
  {
    id: 'rest.invites.list',
    sentence: 'A channel’s invites are listed to who may manage it',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      const made = [
        await guild.owner.api.post<APIInvite>(path, {}),
        await guild.member.api.post<APIInvite>(path, { max_uses: 2 }),
      ]
      const listed = await guild.owner.api.get<APIExtendedInvite[]>(path)
      same(
        listed.map((invite) => invite.code).toSorted(),
        made.map((invite) => invite.code).toSorted(),
        'the codes',
      )
      includes(
        listed.find((invite) => invite.code === made[1]!.code),
        { max_uses: 2, max_age: 86_400 },
        'one of them',
      )
      await guild.member.api.refused(NO_PERMISSION, 'GET', path)
      same(await guild.owner.api.get(`/channels/${guild.voice}/invites`), [], 'another channel’s')
    },
  },
  {
    id: 'rest.invites.list-guild',
    sentence:
      'A guild’s invites are listed to who may manage it, and without their uses to who may read its audit log',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/invites`
      same(await guild.owner.api.get(path), [], 'a new guild’s')
      const hidden = await guild.hiddenChannel()
      const made = await Promise.all(
        [guild.text, guild.voice, hidden.id].map((id) =>
          guild.owner.api.post<APIInvite>(`/channels/${id}/invites`, { max_uses: 2 }),
        ),
      )
      await guild.member.api.refused(NO_PERMISSION, 'GET', path)
      await (await world.user('eve')).api.refused(NO_ACCESS, 'GET', path)
      await guild.grant(guild.member, Permission.ViewAuditLog)
      const listed = async (): Promise<APIExtendedInvite[]> =>
        (await guild.member.api.get<APIExtendedInvite[]>(path)).toSorted((a, b) =>
          a.code.localeCompare(b.code),
        )
      const codes = made.map((invite) => invite.code).toSorted((a, b) => a.localeCompare(b))
      const plain = await listed()
      same(
        plain.map((invite) => invite.code),
        codes,
        'the codes',
      )
      holds(
        plain.every((invite) => !('uses' in invite) && !('max_uses' in invite)),
        'no uses for a reader of the audit log',
        plain,
      )
      await guild.grant(guild.member, Permission.ManageGuild)
      for (const invite of await listed())
        includes(invite, { uses: 0, max_uses: 2, temporary: false }, 'for a manager')
    },
  },
  {
    id: 'rest.invites.refused',
    sentence: 'An invite needs CREATE_INSTANT_INVITE and a form within Discord’s bounds',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      for (const max_age of [-1, 604_801, 'long'])
        await guild.owner.api.refused(invalid('max_age'), 'POST', path, { max_age })
      for (const max_uses of [-1, 101, {}])
        await guild.owner.api.refused(invalid('max_uses'), 'POST', path, { max_uses })
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(USUAL & ~Permission.CreateInstantInvite),
      })
      await guild.member.api.refused(NO_PERMISSION, 'POST', path, {})
    },
  },
  {
    id: 'rest.invites.accept',
    sentence: 'Posting to an invite joins its guild, as often as `max_uses` says',
    async run(world) {
      const guild = await world.guild()
      const { code } = await guild.owner.api.post<APIInvite>(`/channels/${guild.text}/invites`, {
        max_uses: 1,
      })
      const [cy, dan] = [await world.user('cy'), await world.user('dan')]
      includes(
        (await cy.api.post<APIInvite>(`/invites/${code}`)).guild,
        { id: guild.id },
        'the guild one joined',
      )
      await cy.api.get(`/guilds/${guild.id}`)
      await dan.api.refused(UNKNOWN_INVITE, 'POST', `/invites/${code}`)
      await dan.api.refused({ status: 403, code: 50001 }, 'GET', `/guilds/${guild.id}`)
    },
  },
  {
    id: 'rest.invites.temporary',
    sentence:
      'A member who joined by a temporary invite is removed when they go offline without a role',
    async run(world) {
      const guild = await world.guild()
      const owner = await guild.owner.connect()
      const { code } = await guild.owner.api.post<APIInvite>(`/channels/${guild.text}/invites`, {
        temporary: true,
      })
      const [cy, dan] = [await world.user('cy'), await world.user('dan')]
      for (const actor of [dan, cy]) await actor.api.post(`/invites/${code}`)
      await guild.grant(dan, 0n)
      const sockets = [await dan.connect(), await cy.connect()]
      for (const socket of sockets) socket.close(1000)
      await owner.when(
        'GUILD_MEMBER_REMOVE',
        () => owner.seen('GUILD_MEMBER_REMOVE').length > 0,
        TEMPORARY_MS,
      )
      same(
        owner.seen('GUILD_MEMBER_REMOVE').map((d) => d.user.id),
        [cy.id],
        'who was removed',
      )
      await cy.api.refused(NO_ACCESS, 'GET', `/guilds/${guild.id}`)
      await dan.api.get(`/guilds/${guild.id}`)
    },
  },
  {
    id: 'rest.invites.expire',
    sentence: 'An invite is unknown once its time is over, or its channel gone',
    async run(world) {
      const guild = await world.guild()
      const short = await guild.owner.api.post<APIInvite>(`/channels/${guild.text}/invites`, {
        max_age: 1,
      })
      const side = await guild.channel()
      const orphan = await guild.owner.api.post<APIInvite>(`/channels/${side.id}/invites`, {})
      await guild.owner.api.delete(`/channels/${side.id}`)
      await guild.owner.api.refused(UNKNOWN_INVITE, 'GET', `/invites/${orphan.code}`)
      await world.eventually(
        'the invite has expired',
        () => guild.owner.api.call('GET', `/invites/${short.code}`),
        (answer) => answer.status === 404,
      )
      await guild.owner.api.refused(UNKNOWN_INVITE, 'GET', `/invites/${short.code}`)
    },
  },
  {
    id: 'rest.invites.uses',
    sentence: 'An invite counts how often it was used',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      const { code } = await guild.owner.api.post<APIInvite>(path, { max_uses: 5 })
      for (const name of ['cy', 'dan']) await (await world.user(name)).api.post(`/invites/${code}`)
      await guild.member.api.post(`/invites/${code}`)
      const [invite] = await guild.owner.api.get<APIExtendedInvite[]>(path)
      includes(
        invite,
        { code, uses: 2, max_uses: 5 },
        'after two who joined, and one who was in already',
      )
    },
  },
  {
    id: 'rest.invites.uses.once',
    sentence: 'Who accepts an invite several times at once joins once, and takes one use',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      const { code } = await guild.owner.api.post<APIInvite>(path, { max_uses: 100 })
      const cy = await world.user('cy')
      await Promise.all(Array.from({ length: 8 }, () => cy.api.post(`/invites/${code}`)))
      includes(
        (await guild.owner.api.get<APIExtendedInvite[]>(path))[0],
        { code, uses: 1 },
        'the invite',
      )
    },
  },
  {
    id: 'rest.invites.outlives',
    sentence: 'An invite outlives its maker’s membership',
    async run(world) {
      const guild = await world.guild()
      const path = `/channels/${guild.text}/invites`
      const { code } = await guild.member.api.post<APIInvite>(path, {})
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${guild.member.id}`)
      const listed = await guild.owner.api.get<APIExtendedInvite[]>(path)
      same(
        listed.map((invite) => invite.code),
        [code],
        'the channel’s invites',
      )
      const cy = await world.user('cy')
      includes(
        (await cy.api.get<APIInvite>(`/invites/${code}`)).guild,
        { id: guild.id },
        'its guild',
      )
      await cy.api.post(`/invites/${code}`)
      await cy.api.get(`/guilds/${guild.id}`)
    },
  },
]
