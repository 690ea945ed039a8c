import { Permission, type UserId } from '@threshold/contract'
import { describe, expect, it, vi } from 'vitest'
import { aChannel, denyView, newId, testDeadline } from './fixtures.ts'
import {
  createGuild,
  drain,
  execute,
  type HubFixture,
  openSession,
  type TestSession,
  WAIT,
} from './guild-hub-fixture.ts'

/** Who is in which call, and who is told. */
export function guildHubVoice({ hub }: HubFixture): void {
  describe('voice', () => {
    const quiet = { selfMute: false, selfDeaf: false }
    const enter = ({ subscription, sessionId }: TestSession, channelId: string | null) =>
      subscription.setVoiceState({ channelId, sessionId, ...quiet }, testDeadline())
    /** Where a listener was told that somebody is: in a channel, or in none. */
    const places = (who: TestSession, user: UserId): unknown[] =>
      who.events('VOICE_STATE_UPDATE').flatMap(({ data }) => {
        const { user_id, channel_id } = data as { user_id: string; channel_id: string | null }
        return user_id === user ? [channel_id] : []
      })

    it('is told to who sees the channel, and shown to who comes later', async () => {
      const guild = await createGuild(hub())
      const [by, user, other] = [
        guild.owner.user.id,
        guild.others[0]!.user.id,
        guild.others[1]!.user.id,
      ]
      const hidden = aChannel(guild.id, { type: 2, overwrites: [denyView(other, 1)] })
      await execute(hub(), guild.id, { type: 'channel.create', by, channel: hidden })
      const [owner, talker, blind] = [
        await openSession(hub(), guild.id, by),
        await openSession(hub(), guild.id, user),
        await openSession(hub(), guild.id, other),
      ]
      const all = [owner, talker, blind]
      expect(await enter(talker, hidden.id)).toBe('moved')
      expect(await enter(talker, guild.voice.id)).toBe('moved')
      expect(await enter(talker, hidden.id)).toBe('moved')
      await drain(hub(), guild.id, all)
      expect(places(owner, user)).toEqual([hidden.id, guild.voice.id, hidden.id])
      expect(places(talker, user)).toEqual([hidden.id, guild.voice.id, hidden.id])
      expect(places(blind, user)).toEqual([guild.voice.id, null]) // gone from where they were seen, and not where to
      const states = async (who: UserId) =>
        (await openSession(hub(), guild.id, who)).view.voiceStates
      expect(await states(by)).toEqual([
        {
          userId: user,
          channelId: hidden.id,
          sessionId: talker.sessionId,
          ...quiet,
          suppress: false,
        },
      ])
      expect(await states(other)).toEqual([])
      expect(await enter(talker, null)).toBe('left')
      await drain(hub(), guild.id, all)
      expect(places(owner, user).at(-1)).toBeNull()
      expect(places(blind, user)).toHaveLength(2)
    })

    it('is not for who may not connect, nor in what is no voice channel, nor beyond its limit', async () => {
      const guild = await createGuild(hub())
      const [by, user, other] = [
        guild.owner.user.id,
        guild.others[0]!.user.id,
        guild.others[1]!.user.id,
      ]
      const locked = aChannel(guild.id, {
        type: 2,
        overwrites: [{ id: guild.id, type: 0, allow: '0', deny: String(Permission.Connect) }],
      })
      const narrow = aChannel(guild.id, { type: 2, userLimit: 1 })
      for (const channel of [locked, narrow])
        await execute(hub(), guild.id, { type: 'channel.create', by, channel })
      const [owner, talker, late] = [
        await openSession(hub(), guild.id, by),
        await openSession(hub(), guild.id, user),
        await openSession(hub(), guild.id, other),
      ]
      expect(await enter(talker, locked.id)).toBe('no-permission')
      expect(await enter(talker, guild.text.id)).toBe('unknown-channel')
      expect(await enter(talker, newId())).toBe('unknown-channel')
      expect(await enter(talker, narrow.id)).toBe('moved')
      expect(await enter(late, narrow.id)).toBe('too-many')
      expect(await enter(talker, narrow.id)).toBe('moved') // to change something where one is already
      expect(await enter(owner, narrow.id)).toBe('moved') // who may move members may come in
      await drain(hub(), guild.id, [owner])
      expect(places(owner, other)).toEqual([])
    })

    it.each(['the session ends', 'the member goes', 'the channel goes'] as const)(
      'is over when %s, and everybody is told',
      async (end) => {
        const guild = await createGuild(hub())
        const [by, user] = [guild.owner.user.id, guild.others[0]!.user.id]
        const [owner, talker, idle] = [
          await openSession(hub(), guild.id, by),
          await openSession(hub(), guild.id, user),
          await openSession(hub(), guild.id, user),
        ]
        await enter(talker, guild.voice.id)
        idle.subscription.unsubscribe() // another session of theirs, which has nothing to do with the call
        if (end === 'the session ends') talker.subscription.unsubscribe()
        if (end === 'the member goes')
          await execute(hub(), guild.id, { type: 'member.remove', by, userId: user })
        if (end === 'the channel goes')
          await execute(hub(), guild.id, { type: 'channel.delete', by, channelId: guild.voice.id })
        await vi.waitFor(() => expect(places(owner, user)).toEqual([guild.voice.id, null]), WAIT)
        expect((await hub().view(guild.id, by, testDeadline()))?.voiceStates).toEqual([])
      },
    )
  })
}
