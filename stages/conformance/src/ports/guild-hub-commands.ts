import { evolve, type GuildState } from '@threshold/domain'
import { describe, expect, it, vi } from 'vitest'
import { aChannel, newId, testDeadline } from './fixtures.ts'
import {
  createGuild,
  drain,
  expectHubMatchesStore,
  type HubFixture,
  hubState,
  openSession,
  WAIT,
} from './guild-hub-fixture.ts'
import { COMMANDS, createRole } from './guild-hub-sample-commands.ts'

/** Commands on a healthy store. */
export function guildHubCommands(fixture: HubFixture): void {
  const { hub, store } = fixture

  describe('a command', () => {
    it.each(Object.keys(COMMANDS))(
      '%s is stored once it is acknowledged, and is delivered to sessions',
      async (kind) => {
        const guild = await createGuild(hub())
        const session = await openSession(hub(), guild.id, guild.owner.user.id)
        const executed = await hub().execute(guild.id, COMMANDS[kind]!(guild), testDeadline())
        if (!executed.ok) throw new Error(executed.refusal)
        const after: GuildState | undefined =
          kind === 'guild.delete' ? undefined : executed.events.reduce(evolve, guild.state)
        expect(await store().real.loadGuild(guild.id, testDeadline())).toEqual(after)
        if (after) expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(after)
        await vi.waitFor(() => expect(session.deliveries.length).toBeGreaterThan(1), WAIT)
      },
    )

    it('is neither acknowledged nor visible before it is stored', async () => {
      const guild = await createGuild(hub())
      const session = await openSession(hub(), guild.id, guild.owner.user.id)
      const blocked = store().block('record')
      let acknowledged = false
      const executing = hub()
        .execute(guild.id, COMMANDS['channel.create']!(guild), testDeadline())
        .then(() => (acknowledged = true))
      await blocked.reached
      await drain(hub(), guild.id, [session]) // the guild serves other requests meanwhile
      expect(acknowledged).toBe(false)
      expect(session.events('CHANNEL_CREATE')).toEqual([])
      expect(await hubState(hub(), guild.id, guild.owner.user.id)).toEqual(guild.state)
      blocked.release()
      await executing
      await drain(hub(), guild.id, [session])
      expect(session.events('CHANNEL_CREATE')).toHaveLength(1)
      await expectHubMatchesStore(fixture, guild.id, guild.owner.user.id)
    })

    it('that is refused changes nothing and returns the reason', async () => {
      const guild = await createGuild(hub())
      const [{ user }] = guild.others as [(typeof guild.others)[0]]
      const refused = await hub().execute(
        guild.id,
        { type: 'guild.delete', by: user.id },
        testDeadline(),
      )
      expect(refused).toEqual({ ok: false, refusal: 'no-permission' })
      expect(await store().real.loadGuild(guild.id, testDeadline())).toEqual(guild.state)
      expect(await hub().execute(newId(), createRole(guild), testDeadline())).toEqual({
        ok: false,
        refusal: 'unknown-guild',
      })
    })

    it('among concurrent ones is decided on the state after the earlier ones', async () => {
      const guild = await createGuild(hub())
      const by = guild.owner.user.id
      const channel = aChannel(guild.id)
      const make = Array.from({ length: 5 }, () =>
        hub().execute(guild.id, { type: 'channel.create', by, channel }, testDeadline()),
      )
      const roles = Array.from({ length: 10 }, () =>
        hub().execute(guild.id, createRole(guild), testDeadline()),
      )
      const made = await Promise.all(make)
      expect(made.filter((executed) => executed.ok && executed.events.length > 0)).toHaveLength(1)
      await Promise.all(roles)
      const state = await hubState(hub(), guild.id, by)
      expect([state.roles.size, state.channels.size]).toEqual([11, 3])
      await expectHubMatchesStore(fixture, guild.id, by)
    })
  })
}
