import { deadlineAfter } from '@threshold/kit'
import { describe, expect, it } from 'vitest'
import {
  aChannel,
  aGuild,
  allowView,
  denyView,
  type GuildFixture,
  newId,
  testDeadline,
} from './fixtures.ts'
import {
  anEvent,
  drain,
  type HubFixture,
  hubState,
  ONLINE,
  openSession,
} from './guild-hub-fixture.ts'
import { createRole, errorWith } from './guild-hub-sample-commands.ts'

/** Guilds that the hub has to load from the store. */
export function guildHubLoading(fixture: HubFixture): void {
  const { hub, store } = fixture

  describe('a guild that is not loaded', () => {
    const storedGuild = async (): Promise<GuildFixture> => {
      const guild = aGuild()
      await store().real.createGuild(guild.state, testDeadline())
      return guild
    }

    it('is loaded once and whole by concurrent requests', async () => {
      const guild = await storedGuild()
      const sessions = await Promise.all(
        Array.from({ length: 10 }, () => openSession(hub(), guild.id, guild.owner.user.id)),
      )
      await drain(hub(), guild.id, sessions) // all ten share one guild
      expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
    })

    it('is loaded without dangling references from an unfinished deletion', async () => {
      const { state, id, owner, others } = aGuild()
      const [role, category] = [newId(), newId()]
      const inside = aChannel(id, {
        parentId: category,
        overwrites: [denyView(role, 0), allowView(owner.user.id, 1)],
      })
      const holder = { ...others[0]!, roles: [role] }
      await store().real.createGuild(
        {
          ...state,
          guild: { ...state.guild, systemChannelId: category, afkChannelId: category },
          channels: new Map([...state.channels, [inside.id, inside]]),
          members: new Map([...state.members, [holder.user.id, holder]]),
        },
        testDeadline(),
      )
      expect(await hubState(hub(), id, owner.user.id)).toEqual({
        ...state,
        guild: { ...state.guild, systemChannelId: null },
        channels: new Map([
          ...state.channels,
          [inside.id, { ...inside, parentId: null, overwrites: [allowView(owner.user.id, 1)] }],
        ]),
      })
    })

    it('is not reported as unknown while the store is away', async () => {
      const guild = await storedGuild()
      const event = anEvent()
      {
        using _ = store().fail('loadGuild', 'before')
        const subscriber = {
          userId: guild.owner.user.id,
          sessionId: newId(),
          presence: ONLINE,
          deliver: () => {},
        }
        const requests = [
          hub().view(guild.id, guild.owner.user.id, testDeadline()),
          hub().access(guild.id, [guild.owner.user.id], undefined, testDeadline()),
          hub().execute(guild.id, createRole(guild), testDeadline()),
          hub().publish(guild.id, event, testDeadline()),
          hub().subscribe(guild.id, subscriber, testDeadline()),
        ]
        for (const outcome of await Promise.allSettled(requests))
          expect(outcome).toEqual({ status: 'rejected', reason: errorWith('UNAVAILABLE') })
      }
      const session = await openSession(hub(), guild.id, guild.owner.user.id)
      await hub().publish(guild.id, event, testDeadline()) // publishing the same event again is safe
      await drain(hub(), guild.id, [session])
      expect(session.events('MESSAGE_CREATE')).toEqual([event])
    })

    it('keeps the deadline of each request, and is loaded for the patient one', async () => {
      const guild = await storedGuild()
      const blocked = store().block('loadGuild')
      const view = (ms: number) => hub().view(guild.id, guild.owner.user.id, deadlineAfter(ms))
      const [hasty, patient] = [view(100), view(20_000)]
      await expect(hasty).rejects.toEqual(errorWith('DEADLINE_EXCEEDED'))
      blocked.release()
      expect((await patient)?.guild).toEqual(guild.state.guild)
    })
  })
}
