import { Permission } from '@threshold/contract'
import type { APIGuildMember } from 'discord-api-types/v10'
import type { Case } from '../../case.ts'
import { hasFields, holds, includes, same, wireTime } from '../../expect.ts'
import { USUAL } from '../../guild.ts'
import { invalid, NO_ACCESS, NO_PERMISSION, type Refusal } from '../../rest.ts'

const UNKNOWN_MEMBER: Refusal = { status: 404, code: 10007 }
const NOBODY = '1000000000000000'
const smallestFirst = (a: string, b: string): number => (BigInt(a) < BigInt(b) ? -1 : 1)

export const memberCases: readonly Case[] = [
  {
    id: 'rest.members.list',
    sentence:
      'Members are listed in order of ids, one by default, `limit` at most, from `after` on',
    async run(world) {
      const guild = await world.guild()
      const more = [
        await guild.newMember('cy'),
        await guild.newMember('dan'),
        await guild.newMember('eve'),
      ]
      const everyone = [guild.owner, guild.member, ...more]
        .map((each) => each.id)
        .toSorted(smallestFirst)
      const list = async (query: string): Promise<string[]> =>
        (await guild.member.api.get<APIGuildMember[]>(`/guilds/${guild.id}/members${query}`)).map(
          (m) => m.user.id,
        )
      same(await list(''), everyone.slice(0, 1), 'by default')
      same(await list('?limit=1000'), everyone, 'all')
      same(
        await list(`?limit=2&after=${everyone[1]}`),
        everyone.slice(2, 4),
        'two after the second',
      )
      const walked: string[] = []
      for (let i = 0; i < 3; i++)
        walked.push(...(await list(`?limit=2&after=${walked.at(-1) ?? 0}`)))
      same(walked, everyone, 'page by page')
    },
  },
  {
    id: 'rest.members.search',
    sentence:
      '`/guilds/:id/members/search` finds members whose name begins with `query`, one by default',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const found = async (query: string): Promise<string[]> =>
        (
          await guild.member.api.get<APIGuildMember[]>(
            `/guilds/${guild.id}/members/search?${query}`,
          )
        ).map((m) => m.user.id)
      same(await found(`query=${cy.username.slice(0, 5)}`), [cy.id], 'by a prefix')
      same(await found('query=nobody-is-called-so&limit=10'), [], 'nobody')
      await guild.member.api.refused(
        invalid('limit'),
        'GET',
        `/guilds/${guild.id}/members/search?query=a&limit=0`,
      )
    },
  },
  {
    id: 'rest.members.list.invalid',
    sentence: 'A list’s limit is 1 to 1,000 and `after` an id',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/members`
      for (const limit of ['0', '1001', 'abc', '-1', '1.5'])
        await guild.owner.api.refused(invalid('limit'), 'GET', `${path}?limit=${limit}`)
      await guild.owner.api.refused(invalid('after'), 'GET', `${path}?after=me`)
    },
  },
  {
    id: 'rest.members.get',
    sentence: '`/guilds/:id/members/:user` is one member, or none is known',
    async run(world) {
      const guild = await world.guild()
      const member = await guild.owner.api.get<APIGuildMember>(
        `/guilds/${guild.id}/members/${guild.member.id}`,
      )
      includes(member, { nick: null, roles: [], deaf: false, mute: false }, 'the member')
      includes(member.user, { id: guild.member.id, username: guild.member.username }, 'its user')
      hasFields(
        member,
        [
          'joined_at',
          'avatar',
          'premium_since',
          'flags',
          'pending',
          'communication_disabled_until',
        ],
        'a member',
      )
      holds(
        Math.abs(Date.parse(member.joined_at!) - Date.now()) < 120_000,
        'joined just now',
        member.joined_at,
      )
      wireTime(member.joined_at, 'joined_at')
      const stranger = await world.user('eve')
      await guild.owner.api.refused(
        UNKNOWN_MEMBER,
        'GET',
        `/guilds/${guild.id}/members/${stranger.id}`,
      )
      await guild.owner.api.refused(invalid(), 'GET', `/guilds/${guild.id}/members/bob`)
      const nobody = await guild.owner.api.call('GET', `/guilds/${guild.id}/members/${NOBODY}`)
      const { code } = nobody.body as { code: number }
      // Discord says 10013 of who does not exist at all; a stage need not look that far.
      holds(
        nobody.status === 404 && (code === 10007 || code === 10013),
        'nobody is no member',
        nobody,
      )
    },
  },
  {
    id: 'rest.members.add',
    sentence:
      '`PUT {access_token}` brings a user in: 201 with the member, 204 for who is there already',
    async run(world) {
      const guild = await world.guild()
      const cy = await world.user('cy')
      const path = `/guilds/${guild.id}/members/${cy.id}`
      const first = await guild.member.api.call('PUT', path, { access_token: cy.token })
      same(first.status, 201, 'status')
      includes((first.body as APIGuildMember).user, { id: cy.id }, 'the member')
      await guild.member.api.nothing('PUT', path, { access_token: cy.token })
      await cy.api.get(`/guilds/${guild.id}`)
      includes(
        await guild.owner.api.get(`/guilds/${guild.id}?with_counts=true`),
        { approximate_member_count: 3 },
        'the count',
      )
    },
  },
  {
    id: 'rest.members.add.with',
    sentence: 'A user may be brought in with a nick and roles, by whoever may give them',
    async run(world) {
      const guild = await world.guild()
      const [cy, dan] = [await world.user('cy'), await world.user('dan')]
      const role = await guild.role(0n)
      await guild.join(cy, { nick: 'Cy', roles: [role.id] })
      includes(
        await guild.owner.api.get(`/guilds/${guild.id}/members/${cy.id}`),
        { nick: 'Cy', roles: [role.id] },
        'the member',
      )
      const path = `/guilds/${guild.id}/members/${dan.id}`
      await guild.member.api.refused(NO_PERMISSION, 'PUT', path, {
        access_token: dan.token,
        nick: 'D',
      })
      await guild.member.api.refused(NO_PERMISSION, 'PUT', path, {
        access_token: dan.token,
        roles: [role.id],
      })
      await guild.owner.api.refused(UNKNOWN_MEMBER, 'GET', path)
    },
  },
  {
    id: 'rest.members.add.refused',
    sentence: 'Nobody is brought in without their own token, nor by who may not invite',
    async run(world) {
      const guild = await world.guild()
      const [cy, eve] = [await world.user('cy'), await world.user('eve')]
      const path = `/guilds/${guild.id}/members/${cy.id}`
      const foreign: Refusal = { status: 403, code: 50025 }
      await guild.owner.api.refused(foreign, 'PUT', path, { access_token: guild.owner.token })
      await guild.owner.api.refused(foreign, 'PUT', path, { access_token: 'nonsense' })
      await guild.owner.api.refused(invalid('access_token', 'BASE_TYPE_REQUIRED'), 'PUT', path, {})
      await guild.owner.api.refused(invalid('access_token'), 'PUT', path, {
        access_token: { $gt: '' },
      })
      await guild.owner.api.refused(invalid('nick', 'BASE_TYPE_MAX_LENGTH'), 'PUT', path, {
        access_token: cy.token,
        nick: 'x'.repeat(33),
      })
      await eve.api.refused(NO_ACCESS, 'PUT', path, { access_token: cy.token })
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(USUAL & ~Permission.CreateInstantInvite),
      })
      await guild.member.api.refused(NO_PERMISSION, 'PUT', path, { access_token: cy.token })
      await guild.owner.api.refused(UNKNOWN_MEMBER, 'GET', path)
    },
  },
  {
    id: 'rest.members.edit',
    sentence: 'A member’s nick and roles are changed by who may, and null takes a nick away',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const role = await guild.role(0n)
      const change = { nick: 'Bobby', roles: [role.id] }
      includes(await guild.owner.api.patch(path, change), change, 'the answer')
      includes(await guild.member.api.get(path), change, 'the member')
      includes(
        await guild.owner.api.patch(path, { nick: null, roles: [] }),
        { nick: null, roles: [] },
        'taken away',
      )
    },
  },
  {
    id: 'rest.members.edit.self',
    sentence: 'Everybody changes their own nick, and nothing else',
    async run(world) {
      const guild = await world.guild()
      const role = await guild.role(0n)
      const own = `/guilds/${guild.id}/members/@me`
      includes(await guild.member.api.patch(own, { nick: 'B' }), { nick: 'B' }, 'oneself')
      await guild.member.api.refused(
        NO_PERMISSION,
        'PATCH',
        `/guilds/${guild.id}/members/${guild.member.id}`,
        { roles: [role.id] },
      )
      await guild.member.api.refused(
        NO_PERMISSION,
        'PATCH',
        `/guilds/${guild.id}/members/${guild.owner.id}`,
        { nick: 'A' },
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(USUAL & ~Permission.ChangeNickname),
      })
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', own, { nick: 'C' })
    },
  },
  {
    id: 'rest.members.edit.nick',
    sentence:
      '`PATCH …/members/@me/nick` changes one’s own nick and answers it, as older libraries ask for it',
    async run(world) {
      const guild = await world.guild()
      const at = `/guilds/${guild.id}/members`
      for (const [given, nick] of [
        ['B', 'B'] as const,
        ['', null] as const,
        ['Bob', 'Bob'] as const,
        [null, null] as const,
      ]) {
        same(
          await guild.member.api.patch(`${at}/@me/nick`, { nick: given }),
          { nick },
          'the answer',
        )
        includes(await guild.owner.api.get(`${at}/${guild.member.id}`), { nick }, 'the member')
      }
      const long = { nick: 'x'.repeat(33) }
      await guild.member.api.refused(
        invalid('nick', 'BASE_TYPE_MAX_LENGTH'),
        'PATCH',
        `${at}/@me/nick`,
        long,
      )
      await guild.owner.api.patch(`/guilds/${guild.id}/roles/${guild.id}`, {
        permissions: String(USUAL & ~Permission.ChangeNickname),
      })
      await guild.member.api.refused(NO_PERMISSION, 'PATCH', `${at}/@me/nick`, { nick: 'C' })
      await (await world.user('eve')).api.refused(NO_ACCESS, 'PATCH', `${at}/@me/nick`, {
        nick: 'E',
      })
    },
  },
  {
    id: 'rest.members.edit.unsupported',
    sentence:
      'A time-out, and a move of another in voice, are refused: 200 would say that they were done',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      const until = new Date(Date.now() + 60_000).toISOString()
      const timeout = { nick: 'late', communication_disabled_until: until }
      await guild.owner.api.refused(invalid('communication_disabled_until'), 'PATCH', path, timeout)
      for (const channel_id of [guild.voice, null])
        await guild.owner.api.refused(invalid('channel_id'), 'PATCH', path, { channel_id })
      includes(
        await guild.owner.api.get(path),
        { nick: null, communication_disabled_until: null },
        'the member',
      )
      includes(
        await guild.owner.api.patch(path, { nick: 'B', communication_disabled_until: null }),
        { nick: 'B' },
        'the end of a time-out',
      )
    },
  },
  {
    id: 'rest.members.edit.refused',
    sentence:
      'A change of a member has a form, names roles that exist, and reaches only who stands below',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      await guild.owner.api.refused(invalid('nick', 'BASE_TYPE_MAX_LENGTH'), 'PATCH', path, {
        nick: 'x'.repeat(33),
      })
      await guild.owner.api.refused(invalid('roles.0'), 'PATCH', path, { roles: ['admin'] })
      await guild.owner.api.refused({ status: 404, code: 10011 }, 'PATCH', path, {
        roles: [NOBODY],
      })
      const cy = await guild.newMember('cy')
      await guild.grant(cy, Permission.ManageNicknames | Permission.ManageRoles)
      const above = await guild.role(0n)
      await guild.owner.api.patch(`/guilds/${guild.id}/roles`, [{ id: above.id, position: 5 }])
      await guild.give(guild.member, above.id)
      await cy.api.refused(NO_PERMISSION, 'PATCH', path, { nick: 'lower' })
      await cy.api.refused(NO_PERMISSION, 'PATCH', path, { roles: [] })
      const eve = await world.user('eve')
      await guild.owner.api.refused(
        UNKNOWN_MEMBER,
        'PATCH',
        `/guilds/${guild.id}/members/${eve.id}`,
        { nick: 'E' },
      )
    },
  },
  {
    id: 'rest.members.remove',
    sentence:
      'Whoever may kick removes a member, who then has no access; taken back they begin anew',
    async run(world) {
      const guild = await world.guild()
      const path = `/guilds/${guild.id}/members/${guild.member.id}`
      await guild.grant(guild.member, 0n)
      await guild.owner.api.nothing('DELETE', path)
      await guild.owner.api.refused(UNKNOWN_MEMBER, 'GET', path)
      await guild.owner.api.refused(UNKNOWN_MEMBER, 'DELETE', path)
      await guild.member.api.refused(NO_ACCESS, 'GET', `/guilds/${guild.id}`)
      await guild.member.api.refused(NO_ACCESS, 'GET', `/channels/${guild.text}/messages`)
      same(await guild.member.api.get('/users/@me/guilds'), [], 'the guilds one is in')
      await guild.join(guild.member)
      includes(await guild.member.api.get(path), { roles: [], nick: null }, 'the member, back')
    },
  },
  {
    id: 'rest.members.remove.refused',
    sentence: 'Nobody is kicked without KICK_MEMBERS, by who stands below, or as the owner',
    async run(world) {
      const guild = await world.guild()
      const cy = await guild.newMember('cy')
      const member = (id: string): string => `/guilds/${guild.id}/members/${id}`
      await guild.member.api.refused(NO_PERMISSION, 'DELETE', member(cy.id))
      const kicks = await guild.grant(guild.member, Permission.KickMembers)
      await guild.member.api.refused(NO_PERMISSION, 'DELETE', member(guild.owner.id))
      await guild.give(cy, kicks.id)
      await guild.member.api.refused(NO_PERMISSION, 'DELETE', member(cy.id))
      await guild.owner.api.delete(`${member(cy.id)}/roles/${kicks.id}`)
      await guild.member.api.nothing('DELETE', member(cy.id))
    },
  },
]
