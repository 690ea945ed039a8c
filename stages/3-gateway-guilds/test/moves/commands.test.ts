import { testDeadline } from '@threshold/conformance/ports'
import { describe, expect, it } from 'vitest'
import { WAIT } from './cluster.ts'
import { underLoad } from './guild-under-load.ts'

describe('a command whose host is cut off', { timeout: 400_000 }, () => {
  it.each(['before', 'after'] as const)(
    'right %s its write to the store is completed by the next owner, and published once',
    async (moment) => {
      await using use = new AsyncDisposableStack()
      const { cluster, api, guild, load, sessions, former, ownerOf, expectAllReceived } =
        await underLoad(use)
      cluster.onRecord[moment] = async () => {
        delete cluster.onRecord[moment]
        former.cut()
        await new Promise(() => {})
      }
      const command = {
        type: 'channel.delete',
        by: guild.owner.user.id,
        channelId: guild.voice.id,
      } as const
      const answer = api.execute(guild.id, command, testDeadline())
      const deletions = () =>
        sessions.map(
          ({ deliveries }) =>
            deliveries.filter(
              (delivery) => delivery.kind === 'event' && delivery.event.type === 'CHANNEL_DELETE',
            ).length,
        )
      await expect.poll(deletions, WAIT).toEqual(sessions.map(() => 1))
      expect(ownerOf()).not.toBe(former)
      const view = await api.view(guild.id, guild.owner.user.id, testDeadline())
      expect(view!.channels.map(({ id }) => id)).toEqual([guild.text.id])
      await load.untilMore(20)
      await expectAllReceived()
      expect(deletions()).toEqual(sessions.map(() => 1))
      expect(await answer).toMatchObject({ ok: true, events: [{ type: 'channel.deleted' }] })
    },
  )
})
