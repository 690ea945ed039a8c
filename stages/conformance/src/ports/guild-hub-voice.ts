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

/** Calls, and the sessions that are notified of them. */
export function guildHubVoice({ hub }: HubFixture): void {
  describe('voice', () => {
    const quiet = { selfMute: false, selfDeaf: false }
    const enter = ({ subscription, sessionId }: TestSession, channelId: string | null) =>
      subscription.setVoiceState({ channelId, sessionId, ...quiet }, testDeadline())
    /** The channels of a user, null for none, in a session's voice state events. */
    const channelsOf = (session: TestSession, user: UserId): unknown[] =>
      session.events('VOICE_STATE_UPDATE').flatMap(({ data }) => {
        const { user_id, channel_id } = data as { user_id: string; channel_id: string | null }
        return user_id === user ? [channel_id] : []
      })

    it('is sent to sessions that see the channel, and included in later views', async () => {
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
      expect(channelsOf(owner, user)).toEqual([hidden.id, guild.voice.id, hidden.id])
      expect(channelsOf(talker, user)).toEqual([hidden.id, guild.voice.id, hidden.id])
      expect(channelsOf(blind, user)).toEqual([guild.voice.id, null]) // left the visible channel; the hidden one is not named
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
      expect(channelsOf(owner, user).at(-1)).toBeNull()
      expect(channelsOf(blind, user)).toHaveLength(2)
    })

    it('requires CONNECT, a voice channel and a free place', async () => {
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
      expect(await enter(talker, narrow.id)).toBe('moved') // changes the state of a member in the channel
      expect(await enter(owner, narrow.id)).toBe('moved') // MOVE_MEMBERS overrides the limit
      await drain(hub(), guild.id, [owner])
      expect(channelsOf(owner, other)).toEqual([])
    })

    it.each(['the session ends', 'the member goes', 'the channel goes'] as const)(
      'ends when %s, and notifies all sessions',
      async (end) => {
        const guild = await createGuild(hub())
        const [by, user] = [guild.owner.user.id, guild.others[0]!.user.id]
        const [owner, talker, idle] = [
          await openSession(hub(), guild.id, by),
          await openSession(hub(), guild.id, user),
          await openSession(hub(), guild.id, user),
        ]
        await enter(talker, guild.voice.id)
        idle.subscription.unsubscribe() // another session of the user, which is not in the call
        if (end === 'the session ends') talker.subscription.unsubscribe()
        if (end === 'the member goes')
          await execute(hub(), guild.id, { type: 'member.remove', by, userId: user })
        if (end === 'the channel goes')
          await execute(hub(), guild.id, { type: 'channel.delete', by, channelId: guild.voice.id })
        await vi.waitFor(
          () => expect(channelsOf(owner, user)).toEqual([guild.voice.id, null]),
          WAIT,
        )
        expect((await hub().view(guild.id, by, testDeadline()))?.voiceStates).toEqual([])
      },
    )
  })
}
