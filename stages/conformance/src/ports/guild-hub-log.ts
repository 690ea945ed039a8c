import { type ChannelId, Permission } from '@threshold/contract'
import { canView } from '@threshold/domain'
import type { Delivery, LogPosition } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { aRole, newId, testDeadline } from './fixtures.ts'
import {
  anEvent,
  createGuild,
  drain,
  execute,
  type HubFixture,
  ONLINE,
  openSession,
  type TestSession,
  WAIT,
} from './guild-hub-fixture.ts'
import { GuildModel, step } from './guild-hub-model.ts'

/** The channels that a client knows from its events. Every event must fit what it knew before. */
function channelsKnown({ view, events }: TestSession): Set<ChannelId> {
  const known = new Set(view.channels.map(({ id }) => id))
  for (const { type, data, channelId } of events()) {
    const { id } = data as { id: ChannelId }
    if (channelId !== undefined) expect(known).toContain(channelId)
    if (type === 'CHANNEL_CREATE') expect(known).not.toContain(id)
    if (type === 'CHANNEL_UPDATE' || type === 'CHANNEL_DELETE') expect(known).toContain(id)
    if (type === 'CHANNEL_CREATE') known.add(id)
    if (type === 'CHANNEL_DELETE') known.delete(id)
  }
  return known
}

const ascend = (positions: readonly LogPosition[]): boolean =>
  positions.every(
    ({ epoch, sequence }, i) =>
      i === 0 || (epoch === positions[i - 1]!.epoch && sequence > positions[i - 1]!.sequence),
  )

export function guildHubLog({ hub }: HubFixture): void {
  describe('the log of a guild', () => {
    it('reaches each session in order, each event once, and only of channels visible at that point', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
          async (steps) => {
            const guild = await createGuild(hub(), 4)
            const model = new GuildModel(hub(), guild)
            await model.begin()
            for (const each of steps) await model.step(each)
            await drain(
              hub(),
              guild.id,
              model.sessions.flatMap(({ session, state }) => (state === 'in' ? [session] : [])),
            )
            for (const { session, expected, state } of model.sessions) {
              const received = session.events('MESSAGE_CREATE').map(({ id }) => id)
              // Events in flight may still reach a session that unsubscribes. Earlier ones must.
              expect(state === 'left' ? received.slice(0, expected.length) : received).toEqual(
                expected,
              )
              expect(ascend([session.from, ...session.positions()])).toBe(true)
              expect(session.removed).toBe(state === 'kicked')
              const known = channelsKnown(session)
              if (state !== 'in') continue
              const visible = [...model.state.channels.keys()].filter((id) =>
                canView(model.state, session.userId, id),
              )
              expect(known).toEqual(new Set(visible))
              expect(
                new Set(
                  (await hub().view(guild.id, session.userId, testDeadline()))?.channels.map(
                    ({ id }) => id,
                  ),
                ),
              ).toEqual(known)
            }
          },
        ),
        { numRuns: 15 },
      ))

    it('has one order for all sessions under concurrency, and returns the position of each event', async () => {
      const guild = await createGuild(hub(), 3)
      const users = [...guild.state.members.keys()]
      const sessions = await Promise.all(
        [...users, ...users].map((user) => openSession(hub(), guild.id, user)),
      )
      const events = Array.from({ length: 60 }, (_, i) =>
        anEvent(i % 2 ? guild.text.id : undefined),
      )
      const [positions] = await Promise.all([
        Promise.all(events.map((event) => hub().publish(guild.id, event, testDeadline()))),
        Promise.all(
          Array.from({ length: 10 }, () =>
            hub().execute(
              guild.id,
              { type: 'role.create', by: guild.owner.user.id, role: aRole() },
              testDeadline(),
            ),
          ),
        ),
      ])
      await drain(hub(), guild.id, sessions)
      const order = (session: TestSession): string[] => session.events().map(({ id }) => id)
      for (const session of sessions) {
        expect(order(session).filter((id) => order(sessions[0]!).includes(id))).toEqual(
          order(sessions[0]!),
        )
        expect(session.events('GUILD_ROLE_CREATE')).toHaveLength(10)
        const received = new Map(
          session.deliveries.flatMap((d) =>
            d.kind === 'event' ? [[d.event.id, d.position] as const] : [],
          ),
        )
        events.forEach(({ id }, i) => void expect(received.get(id)).toEqual(positions[i]))
        expect(session.events('MESSAGE_CREATE')).toHaveLength(events.length)
        expect(ascend([session.from, ...session.positions()])).toBe(true)
      }
    })

    it('contains each id once, however often it is published', async () => {
      const guild = await createGuild(hub())
      const session = await openSession(hub(), guild.id, guild.owner.user.id)
      const event = anEvent(guild.text.id)
      const first = await Promise.all(
        Array.from({ length: 10 }, () => hub().publish(guild.id, event, testDeadline())),
      )
      await hub().publish(guild.id, anEvent(), testDeadline())
      expect(
        new Set(
          [...first, await hub().publish(guild.id, event, testDeadline())].map((p) =>
            JSON.stringify(p),
          ),
        ).size,
      ).toBe(1)
      await drain(hub(), guild.id, [session])
      expect(session.events('MESSAGE_CREATE').filter(({ id }) => id === event.id)).toEqual([event])
    })

    it('delivers an event that requires a permission only to members who have it in the channel', async () => {
      const guild = await createGuild(hub(), 2)
      const [manager, member] = guild.others.map(({ user }) => user.id) as [string, string]
      const allowed = {
        id: manager,
        type: 1,
        allow: String(Permission.ManageChannels),
        deny: '0',
      } as const
      await execute(hub(), guild.id, {
        type: 'overwrite.put',
        by: guild.owner.user.id,
        channelId: guild.text.id,
        overwrite: allowed,
      })
      const sessions = await Promise.all(
        [guild.owner.user.id, manager, member].map((user) => openSession(hub(), guild.id, user)),
      )
      const events = [
        { ...anEvent(guild.text.id), requiredPermissions: Permission.ManageChannels },
        anEvent(guild.text.id),
      ]
      for (const event of events) await hub().publish(guild.id, event, testDeadline())
      await drain(hub(), guild.id, sessions)
      const [all, open] = [events.map(({ id }) => id), [events[1]!.id]]
      expect(
        sessions.map((session) => session.events('MESSAGE_CREATE').map(({ id }) => id)),
      ).toEqual([all, all, open])
    })

    it('continues without a gap from the view of a new session', async () => {
      const guild = await createGuild(hub())
      const joining: Promise<TestSession>[] = []
      const said: Promise<LogPosition>[] = []
      for (let i = 0; i < 30; i++) {
        said.push(hub().publish(guild.id, anEvent(), testDeadline()))
        if (i % 5 === 2) joining.push(openSession(hub(), guild.id, guild.owner.user.id))
      }
      const [positions, sessions] = await Promise.all([Promise.all(said), Promise.all(joining)])
      await drain(hub(), guild.id, sessions)
      for (const { from, deliveries } of sessions) {
        const received = deliveries.flatMap((d) =>
          d.kind === 'event' && d.event.type === 'MESSAGE_CREATE' ? [d.position.sequence] : [],
        )
        const after = positions
          .map(({ sequence }) => sequence)
          .filter((sequence) => sequence > from.sequence)
        expect(received).toEqual(after.toSorted((a, b) => a - b))
      }
    })

    it('goes on at a session that continues one of another process, without a view or a gap', async () => {
      const guild = await createGuild(hub())
      const user = guild.owner.user.id
      const observer = await openSession(hub(), guild.id, guild.state.members.keys().toArray()[1]!)
      const first = await openSession(hub(), guild.id, user)
      const publishing = (async () => {
        for (let i = 0; i < 30; i++) await hub().publish(guild.id, anEvent(), testDeadline())
      })()
      const deliveries: Delivery[] = []
      const subscriber = {
        userId: user,
        sessionId: first.sessionId,
        presence: ONLINE,
        continues: true,
        deliver: (delivery: Delivery) => void deliveries.push(delivery),
      }
      const second = (await hub().subscribe(guild.id, subscriber, testDeadline()))!
      await first.subscription.close(testDeadline())
      const before = first.events('MESSAGE_CREATE')
      await publishing
      const last = anEvent()
      await hub().publish(guild.id, last, testDeadline())
      await vi.waitFor(() => expect(deliveries.at(-1)).toMatchObject({ event: last }), WAIT)
      await drain(hub(), guild.id, [observer])
      const { epoch, sequence } = second.start
      const isBefore = (d: LogPosition) => d.epoch === epoch && d.sequence <= sequence
      const received = [
        ...first.deliveries.filter((d) => d.kind === 'event' && isBefore(d.position)),
        ...deliveries,
      ].flatMap((d) =>
        d.kind === 'event' && d.event.type === 'MESSAGE_CREATE' ? [d.event.id] : [],
      )
      expect(received).toEqual(observer.events('MESSAGE_CREATE').map(({ id }) => id))
      expect(before.length).toBeLessThanOrEqual(received.length)
      expect(deliveries.every(({ kind }) => kind !== 'view')).toBe(true)
      // The user was online all the time.
      expect(
        observer
          .events('PRESENCE_UPDATE')
          .filter(({ data }) => (data as { user: { id: string } }).user.id === user)
          .every(({ data }) => (data as { status: string }).status === 'online'),
      ).toBe(true)
      second.unsubscribe()
    })

    it('is not delivered to other guilds, and an unknown guild has none', async () => {
      const [first, other] = [await createGuild(hub()), await createGuild(hub())]
      const session = await openSession(hub(), other.id, other.owner.user.id)
      await hub().publish(first.id, anEvent(), testDeadline())
      await hub().publish(newId(), anEvent(), testDeadline())
      await drain(hub(), other.id, [session])
      expect(session.events('MESSAGE_CREATE')).toEqual([])
    })
  })
}
