import type { APIDMChannel } from 'discord-api-types/v10'
import { invalid, NO_ACCESS, UNKNOWN_USER } from '../../api-client.ts'
import type { Case } from '../../case.ts'
import { expectEqual, expectIncludes } from '../../expect.ts'
import { UNKNOWN_ID } from '../../snowflakes.ts'

export const directMessageCases: readonly Case[] = [
  {
    id: 'rest.users.dm.open',
    title: 'A direct message between two users is one channel, whoever opens it and however often',
    covers: ['rest.route.users'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      expectIncludes(dm, { type: 1 }, 'a direct message')
      expectEqual(
        dm.recipients?.map((user) => user.id),
        [bob.id],
        'its recipients, as ada sees them',
      )
      expectEqual(
        (await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })).id,
        dm.id,
        'opened again',
      )
      const back = await bob.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: ada.id })
      expectEqual(back.id, dm.id, 'opened from the other side')
      expectEqual(
        back.recipients?.map((user) => user.id),
        [ada.id],
        'its recipients, as bob sees them',
      )
    },
  },
  {
    id: 'rest.users.dm.concurrent',
    title: 'Two users who open a direct message with each other at the same time get one channel',
    covers: ['rest.route.users'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const opened = await Promise.all(
        Array.from({ length: 6 }, (_, i) => {
          const [from, to] = i % 2 === 0 ? [ada, bob] : [bob, ada]
          return from.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: to.id })
        }),
      )
      expectEqual(new Set(opened.map((each) => each.id)).size, 1, 'the number of channels')
    },
  },
  {
    id: 'rest.users.dm.list',
    title: '`GET /users/@me/channels` lists the user’s direct messages',
    covers: ['rest.route.users'],
    async run(fixture) {
      const [ada, bob] = [await fixture.user(), await fixture.user('bob')]
      const dm = await ada.api.post<APIDMChannel>('/users/@me/channels', { recipient_id: bob.id })
      for (const [reader, other] of [
        [ada, bob],
        [bob, ada],
      ] as const) {
        const list = await reader.api.get<APIDMChannel[]>('/users/@me/channels')
        expectEqual(
          list.map((each) => each.id),
          [dm.id],
          `${reader.name}’s direct messages`,
        )
        expectEqual(
          list[0]!.recipients?.map((user) => user.id),
          [other.id],
          'the recipients',
        )
      }
    },
  },
  {
    id: 'rest.users.dm.invalid',
    title: 'A direct message needs an existing recipient',
    covers: ['rest.route.users', 'errors.10013', 'errors.50035'],
    async run(fixture) {
      const ada = await fixture.user()
      await ada.api.expectError(UNKNOWN_USER, 'POST', '/users/@me/channels', {
        recipient_id: UNKNOWN_ID,
      })
      for (const recipient_id of ['bob', '', null, {}, -1])
        await ada.api.expectError(invalid('recipient_id'), 'POST', '/users/@me/channels', {
          recipient_id,
        })
      await ada.api.expectError(
        invalid('recipient_id', 'BASE_TYPE_REQUIRED'),
        'POST',
        '/users/@me/channels',
        {},
      )
    },
  },
  {
    id: 'rest.users.dm.private',
    title: 'Both users of a direct message write and read it, and a third has no access',
    covers: ['rest.route.users', 'errors.50001'],
    async run(fixture) {
      const [ada, bob, eve] = [
        await fixture.user(),
        await fixture.user('bob'),
        await fixture.user('eve'),
      ]
      const { id } = await ada.api.post<APIDMChannel>('/users/@me/channels', {
        recipient_id: bob.id,
      })
      await ada.api.post(`/channels/${id}/messages`, { content: 'to bob' })
      await bob.api.post(`/channels/${id}/messages`, { content: 'to ada' })
      for (const reader of [ada, bob])
        expectEqual(
          (await reader.api.get<{ content: string }[]>(`/channels/${id}/messages`)).map(
            (m) => m.content,
          ),
          ['to ada', 'to bob'],
          'the contents',
        )
      await eve.api.expectError(NO_ACCESS, 'GET', `/channels/${id}`)
      await eve.api.expectError(NO_ACCESS, 'GET', `/channels/${id}/messages`)
      await eve.api.expectError(NO_ACCESS, 'POST', `/channels/${id}/messages`, { content: 'hi' })
    },
  },
]
