import type { APIExtendedInvite, APIInvite } from 'discord-api-types/v10'
import { NO_ACCESS, UNKNOWN_INVITE } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'

/**
 * The time within which an offline temporary member must be removed. A stage waits a little, since
 * a broken connection may come back.
 */
const TEMPORARY_MS = 15_000

export const inviteUseCases: readonly Case[] = [
  {
    id: 'rest.invites.accept',
    title: '`POST /invites/:code` joins the guild, at most `max_uses` times',
    covers: ['rest.route.typing-and-invites', 'errors.10006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const { code } = await guild.owner.api.post<APIInvite>(
        `/channels/${guild.textChannelId}/invites`,
        {
          max_uses: 1,
        },
      )
      const [cy, dan] = [await fixture.user('cy'), await fixture.user('dan')]
      expectIncludes(
        (await cy.api.post<APIInvite>(`/invites/${code}`)).guild,
        { id: guild.id },
        'the joined guild',
      )
      await cy.api.get(`/guilds/${guild.id}`)
      await dan.api.expectError(UNKNOWN_INVITE, 'POST', `/invites/${code}`)
      await dan.api.expectError({ status: 403, code: 50001 }, 'GET', `/guilds/${guild.id}`)
    },
  },
  {
    id: 'rest.invites.temporary',
    title:
      'A member who joined by a temporary invite and has no role is removed when they go offline',
    covers: ['rest.enforced'],
    async run(fixture) {
      const guild = await fixture.guild()
      const owner = await guild.owner.connect()
      const { code } = await guild.owner.api.post<APIInvite>(
        `/channels/${guild.textChannelId}/invites`,
        {
          temporary: true,
        },
      )
      const [cy, dan] = [await fixture.user('cy'), await fixture.user('dan')]
      for (const user of [dan, cy]) await user.api.post(`/invites/${code}`)
      await guild.grantPermissions(dan, 0n)
      const sockets = [await dan.connect(), await cy.connect()]
      for (const socket of sockets) socket.close(1000)
      await owner.waitFor(
        'GUILD_MEMBER_REMOVE',
        () => owner.received('GUILD_MEMBER_REMOVE').length > 0,
        TEMPORARY_MS,
      )
      expectEqual(
        owner.received('GUILD_MEMBER_REMOVE').map((d) => d.user.id),
        [cy.id],
        'the removed members',
      )
      await cy.api.expectError(NO_ACCESS, 'GET', `/guilds/${guild.id}`)
      await dan.api.get(`/guilds/${guild.id}`)
    },
  },
  {
    id: 'rest.invites.expire',
    title: 'An invite is unknown after it expires or its channel is deleted',
    covers: ['rest.route.typing-and-invites', 'errors.10006'],
    async run(fixture) {
      const guild = await fixture.guild()
      const short = await guild.owner.api.post<APIInvite>(
        `/channels/${guild.textChannelId}/invites`,
        {
          max_age: 1,
        },
      )
      const side = await guild.createChannel()
      const orphan = await guild.owner.api.post<APIInvite>(`/channels/${side.id}/invites`, {})
      await guild.owner.api.delete(`/channels/${side.id}`)
      await guild.owner.api.expectError(UNKNOWN_INVITE, 'GET', `/invites/${orphan.code}`)
      await fixture.eventually(
        'the invite has expired',
        () => guild.owner.api.request('GET', `/invites/${short.code}`),
        (response) => response.status === 404,
      )
      await guild.owner.api.expectError(UNKNOWN_INVITE, 'GET', `/invites/${short.code}`)
    },
  },
  {
    id: 'rest.invites.uses',
    title: 'An invite counts its uses',
    covers: ['rest.route.typing-and-invites'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      const { code } = await guild.owner.api.post<APIInvite>(path, { max_uses: 5 })
      for (const name of ['cy', 'dan'])
        await (await fixture.user(name)).api.post(`/invites/${code}`)
      await guild.member.api.post(`/invites/${code}`)
      const [invite] = await guild.owner.api.get<APIExtendedInvite[]>(path)
      expectIncludes(
        invite,
        { code, uses: 2, max_uses: 5 },
        'after two joins and one acceptance by a member',
      )
    },
  },
  {
    id: 'rest.invites.uses.once',
    title: 'A user who accepts an invite several times at once joins once and takes one use',
    covers: ['rest.route.typing-and-invites'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      const { code } = await guild.owner.api.post<APIInvite>(path, { max_uses: 100 })
      const cy = await fixture.user('cy')
      await Promise.all(Array.from({ length: 8 }, () => cy.api.post(`/invites/${code}`)))
      expectIncludes(
        (await guild.owner.api.get<APIExtendedInvite[]>(path))[0],
        { code, uses: 1 },
        'the invite',
      )
    },
  },
  {
    id: 'rest.invites.outlives',
    title: 'An invite stays valid after its creator is removed',
    covers: ['rest.route.typing-and-invites'],
    async run(fixture) {
      const guild = await fixture.guild()
      const path = `/channels/${guild.textChannelId}/invites`
      const { code } = await guild.member.api.post<APIInvite>(path, {})
      await guild.owner.api.delete(`/guilds/${guild.id}/members/${guild.member.id}`)
      const listed = await guild.owner.api.get<APIExtendedInvite[]>(path)
      expectEqual(
        listed.map((invite) => invite.code),
        [code],
        'the channel’s invites',
      )
      const cy = await fixture.user('cy')
      expectIncludes(
        (await cy.api.get<APIInvite>(`/invites/${code}`)).guild,
        { id: guild.id },
        'its guild',
      )
      await cy.api.post(`/invites/${code}`)
      await cy.api.get(`/guilds/${guild.id}`)
    },
  },
]
