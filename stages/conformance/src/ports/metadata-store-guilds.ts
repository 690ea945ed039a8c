import { compareIds } from '@threshold/contract'
import type { Channel, GuildState, User } from '@threshold/domain'
import { compensatingEvents, evolve } from '@threshold/domain'
import type { MetadataStore } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aChannel,
  aDirectChannel,
  aGuild,
  aMember,
  anInvite,
  aUser,
  denyView,
  type GuildFixture,
  newId,
  testDeadline,
} from './fixtures.ts'
import { guildHistory } from './guild-events.ts'

const RUNS = { numRuns: 12 }

export function metadataStoreGuilds(store: () => MetadataStore): void {
  const load = (id: string): Promise<GuildState | undefined> =>
    store().loadGuild(id, testDeadline())
  const createUsers = async (...users: User[]): Promise<void> =>
    void (await Promise.all(users.map((user) => store().createUser(user, testDeadline()))))
  /** Stores a guild and its users. */
  async function createGuild(others = 2): Promise<GuildFixture> {
    const guild = aGuild(others)
    await createUsers(...[...guild.state.members.values()].map(({ user }) => user))
    await store().createGuild(guild.state, testDeadline())
    return guild
  }

  describe('a guild', () => {
    it('is loaded as it was created', async () => {
      const { id, state } = await createGuild(5)
      expect(await load(id)).toEqual(state)
    })

    it('is undefined if it does not exist', async () => {
      expect(await load(newId())).toBeUndefined()
    })

    it('equals the state that its events produce', () =>
      fc.assert(
        fc.asyncProperty(guildHistory, async (history) => {
          const { id, state } = await createGuild()
          const strangers = [aUser({ username: 'stranger' }), aUser({ username: 'guest' })]
          await createUsers(...strangers)
          const { events, state: after } = history.play(state, strangers)
          await store().record(id, events, testDeadline())
          expect(await load(id)).toEqual(after)
        }),
        RUNS,
      ))

    it('is unchanged when its events are written again, from any of them on', () =>
      fc.assert(
        fc.asyncProperty(guildHistory, fc.nat(), async (history, from) => {
          const { id, state } = await createGuild()
          const { events, state: after } = history.play(state, [])
          await store().record(id, events, testDeadline())
          await store().record(id, events.slice(from % (events.length + 1)), testDeadline())
          await store().record(id, events, testDeadline())
          expect(await load(id)).toEqual(after)
        }),
        RUNS,
      ))

    it('is unchanged when it is created again', async () => {
      const { id, state, others } = await createGuild()
      const renamed = { type: 'guild.updated', guild: { ...state.guild, name: 'renamed' } } as const
      const nicked = { type: 'member.updated', member: { ...others[0]!, nick: 'nick' } } as const
      await store().record(id, [renamed, nicked], testDeadline())
      await store().createGuild(state, testDeadline())
      expect(await load(id)).toEqual([renamed, nicked].reduce(evolve, state))
    })

    it('is not created with the id or a channel of another guild, which stays unchanged', async () => {
      const first = await createGuild()
      const same = aGuild()
      const sameId: GuildState = { ...same.state, guild: { ...same.state.guild, id: first.id } }
      const channels = new Map(
        [...same.state.channels].map(([id, channel]) => [id, { ...channel, guildId: first.id }]),
      )
      const sameIds: GuildState = { ...sameId, channels }
      const sameChannel: GuildState = {
        ...same.state,
        channels: new Map([[first.text.id, { ...same.text, id: first.text.id }]]),
      }
      for (const state of [sameIds, sameId, sameChannel]) {
        await expect(store().createGuild(state, testDeadline())).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        })
        expect(await store().guildsOf(same.owner.user.id, testDeadline())).toEqual([])
      }
      const other = await createGuild()
      const taken = {
        type: 'channel.created',
        channel: { ...other.text, id: first.text.id },
      } as const
      await expect(store().record(other.id, [taken], testDeadline())).rejects.toMatchObject({
        code: 'UNAVAILABLE',
      })
      expect(await load(first.id)).toEqual(first.state)
    })

    it('changes and deletes no channel and no invite of another guild', async () => {
      const [first, other] = [await createGuild(), await createGuild()]
      const invite = anInvite({ guildId: first.id, channelId: first.text.id })
      await store().createInvite(invite, testDeadline())
      const taken = { ...other.text, id: first.text.id, name: 'taken' }
      const moved = [other.voice, taken].map(
        (channel) => ({ type: 'channel.updated', channel }) as const,
      )
      for (const events of [
        moved,
        moved.slice(1),
        [{ type: 'channel.created', channel: taken } as const],
      ]) {
        await expect(store().record(other.id, events, testDeadline())).rejects.toMatchObject({
          code: 'UNAVAILABLE',
        })
        await store().record(other.id, compensatingEvents(other.state, events), testDeadline())
      }
      expect([await load(first.id), await load(other.id)]).toEqual([first.state, other.state])
      expect(await store().invitesOf(first.text.id, testDeadline())).toEqual([invite])
    })

    it('with many members is loaded whole', async () => {
      const { id, state } = aGuild(1_200)
      await store().createGuild(state, testDeadline())
      expect((await load(id))?.members).toEqual(state.members)
    })

    it('that is deleted is deleted completely, and other guilds stay', async () => {
      const [deleted, other] = [await createGuild(), await createGuild()]
      await store().record(deleted.id, [{ type: 'guild.deleted' }], testDeadline())
      await store().record(deleted.id, [{ type: 'guild.deleted' }], testDeadline())
      expect(await load(deleted.id)).toBeUndefined()
      expect(await store().channel(deleted.text.id, testDeadline())).toBeUndefined()
      for (const user of deleted.state.members.keys())
        expect(await store().guildsOf(user, testDeadline())).toEqual([])
      expect(await load(other.id)).toEqual(other.state)
    })
  })

  describe('many channels', () => {
    it('are recorded together, each with its last event', async () => {
      const { id, state } = await createGuild()
      const made = Array.from({ length: 60 }, () => aChannel(id))
      const hidden = made.map((channel) => ({ ...channel, overwrites: [denyView(id, 0)] }))
      const renamed = hidden.slice(0, 5).map((channel) => ({ ...channel, name: 'renamed' }))
      const updates = [...made, ...hidden, ...renamed].map(
        (channel) => ({ type: 'channel.updated', channel }) as const,
      )
      const events = [
        ...updates,
        { type: 'channel.deleted', channel: made[59]! } as const,
        updates[0]!,
      ]
      await store().record(id, events, testDeadline())
      expect((await load(id))!.channels).toEqual(events.reduce(evolve, state).channels)
    })
  })

  describe('a channel', () => {
    it('is found by its id until it is deleted', async () => {
      const { id, text } = await createGuild()
      expect(await store().channel(text.id, testDeadline())).toEqual(text)
      const renamed = { ...text, name: 'renamed' }
      await store().record(id, [{ type: 'channel.updated', channel: renamed }], testDeadline())
      expect(await store().channel(text.id, testDeadline())).toEqual(renamed)
      await store().record(id, [{ type: 'channel.deleted', channel: renamed }], testDeadline())
      expect(await store().channel(text.id, testDeadline())).toBeUndefined()
      expect(await store().channel(newId(), testDeadline())).toBeUndefined()
    })
  })

  describe('the channels of all guilds', () => {
    it('are found in pages, by ascending id, without direct messages', async () => {
      const guilds = [await createGuild(), await createGuild()]
      const [user, other] = [aUser(), aUser()]
      await createUsers(user, other)
      const dm = await store().openDm(aDirectChannel(user.id, other.id), testDeadline())
      const expected = guilds.flatMap(({ state }) => [...state.channels.values()])
      const found: Channel[] = []
      for (;;) {
        const after = found.at(-1)?.id
        const page = { limit: 2, ...(after === undefined ? {} : { after }) }
        const channels = await store().guildChannels(page, testDeadline())
        found.push(...channels)
        if (channels.length < 2) break
      }
      // The suite shares its store, so it has channels of other guilds too.
      const ids = found.map(({ id }) => id)
      expect(ids).toEqual([...new Set(ids)].toSorted(compareIds))
      expect(found).toEqual(expect.arrayContaining(expected))
      expect(ids).not.toContain(dm.id)
    })
  })

  describe('temporary members', () => {
    it('are found by their guilds until they become permanent or leave', async () => {
      const [{ id }, other] = [await createGuild(), await createGuild()]
      const temporary = aMember(aUser(), { temporary: true })
      await store().record(id, [{ type: 'member.added', member: temporary }], testDeadline())
      expect((await load(id))!.members.get(temporary.user.id)).toEqual(temporary)
      const guilds = async (): Promise<string[]> => [
        ...(await store().guildsWithTemporaryMembers(testDeadline())),
      ]
      expect((await guilds()).filter((each) => each === id || each === other.id)).toEqual([id])
      const { temporary: _, ...permanent } = temporary
      await store().record(id, [{ type: 'member.updated', member: permanent }], testDeadline())
      expect(await guilds()).not.toContain(id)
      expect((await load(id))!.members.get(temporary.user.id)).toEqual(permanent)
    })
  })

  describe("a user's guilds", () => {
    it('are the guilds with this member', async () => {
      const [first, other, stranger] = [await createGuild(), await createGuild(), aUser()]
      expect(await store().guildsOf(stranger.id, testDeadline())).toEqual([])
      await store().record(
        first.id,
        [{ type: 'member.added', member: aMember(stranger) }],
        testDeadline(),
      )
      await store().record(
        other.id,
        [{ type: 'member.added', member: aMember(stranger) }],
        testDeadline(),
      )
      expect((await store().guildsOf(stranger.id, testDeadline())).toSorted()).toEqual(
        [first.id, other.id].toSorted(),
      )
      await store().record(first.id, [{ type: 'member.removed', user: stranger }], testDeadline())
      expect(await store().guildsOf(stranger.id, testDeadline())).toEqual([other.id])
    })
  })
}
