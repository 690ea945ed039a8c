import { type ChannelId, Permission, type UserId } from '@threshold/contract'
import {
  type Channel,
  canView,
  evolve,
  type GuildCommand,
  type GuildState,
} from '@threshold/domain'
import type { GuildHub, LogPosition } from '@threshold/ports'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  aChannel,
  allowView,
  aRole,
  denyView,
  type GuildFixture,
  newId,
  testDeadline,
} from './fixtures.ts'
import {
  anEvent,
  createGuild,
  drain,
  execute,
  type HubFixture,
  openSession,
  type TestSession,
} from './guild-hub-fixture.ts'

const kinds = <K extends string>(...all: K[]) => fc.constantFrom(...all)
const [channel, whom] = [fc.nat(2), fc.nat(3)]
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kinds('say'), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds('say to all') }) },
  { weight: 3, arbitrary: fc.record({ kind: kinds('hide', 'show', 'restore'), channel, whom }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds('replace'), channel }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kinds('grant', 'deprive', 'kick', 'return', 'join', 'leave'),
      whom,
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Seat {
  readonly listener: TestSession
  /** Ids of what was published for it, in order. */
  readonly expected: string[]
  state: 'in' | 'left' | 'kicked'
}

/**
 * A guild with three channels and a role, played step by step on the hub and on a model beside it.
 */
class Play {
  readonly #hub: GuildHub
  readonly #guild: GuildFixture
  readonly #role = aRole({ name: 'key' })
  readonly #channels: Channel[] = []
  readonly seats: Seat[] = []
  state: GuildState

  constructor(hub: GuildHub, guild: GuildFixture) {
    this.#hub = hub
    this.#guild = guild
    this.state = guild.state
  }

  async begin(): Promise<void> {
    await this.#do({ type: 'role.create', by: this.#guild.owner.user.id, role: this.#role })
    for (let i = 0; i < 3; i++) await this.#open(i)
    for (const user of this.state.members.keys()) await this.#join(user)
  }

  async step(step: Step): Promise<void> {
    const by = this.#guild.owner.user.id
    if (step.kind === 'say to all') return this.#say(undefined)
    if (step.kind === 'say') return this.#say(this.#channels[step.channel]!.id)
    if (step.kind === 'replace') {
      await this.#do({ type: 'channel.delete', by, channelId: this.#channels[step.channel]!.id })
      return this.#open(step.channel)
    }
    const userId = this.#guild.others[step.whom]!.user.id
    switch (step.kind) {
      case 'hide':
      case 'show':
      case 'restore':
        // An overwrite is for a member; that of one who was kicked stays.
        if (!this.state.members.has(userId) && step.whom !== 3) return
        return this.#overwrite(
          step.kind,
          this.#channels[step.channel]!.id,
          step.whom === 3 ? undefined : userId,
        )
      case 'grant':
      case 'deprive':
        if (!this.state.members.has(userId)) return
        return this.#do({
          type: 'member.role',
          by,
          userId,
          roleId: this.#role.id,
          has: step.kind === 'grant',
        })
      case 'kick':
        if (!this.state.members.has(userId)) return
        await this.#do({ type: 'member.remove', by, userId })
        for (const seat of this.#of(userId)) seat.state = 'kicked'
        return
      case 'return': {
        const { user } = this.#guild.others[step.whom]!
        return this.#do({
          type: 'member.add',
          by,
          user,
          nick: null,
          roles: [],
          joinedAt: 0,
          invited: true,
        })
      }
      case 'join':
        return this.state.members.has(userId) ? this.#join(userId) : undefined
      case 'leave': {
        const [seat] = this.#of(userId)
        seat?.listener.subscription.unsubscribe()
        if (seat) seat.state = 'left'
      }
    }
  }

  async #do(command: GuildCommand): Promise<void> {
    const executed = await this.#hub.execute(this.#guild.id, command, testDeadline())
    if (!executed.ok) throw new Error(`${command.type} was refused: ${executed.refusal}`)
    this.state = executed.events.reduce(evolve, this.state)
  }

  async #open(index: number): Promise<void> {
    const made = aChannel(this.#guild.id, { name: `channel${index}` })
    await this.#do({ type: 'channel.create', by: this.#guild.owner.user.id, channel: made })
    this.#channels[index] = made
  }

  async #overwrite(
    kind: 'hide' | 'show' | 'restore',
    channelId: ChannelId,
    user: UserId | undefined,
  ): Promise<void> {
    const by = this.#guild.owner.user.id
    const [targetId, type] =
      user === undefined ? ([this.#role.id, 0] as const) : ([user, 1] as const)
    if (kind !== 'restore') {
      const overwrite = (kind === 'hide' ? denyView : allowView)(targetId, type)
      return this.#do({ type: 'overwrite.put', by, channelId, overwrite })
    }
    if (!this.state.channels.get(channelId)!.overwrites.some(({ id }) => id === targetId)) return
    await this.#do({ type: 'overwrite.delete', by, channelId, targetId })
  }

  async #join(user: UserId): Promise<void> {
    this.seats.push({
      listener: await openSession(this.#hub, this.#guild.id, user),
      expected: [],
      state: 'in',
    })
  }

  async #say(channelId: ChannelId | undefined): Promise<void> {
    const event = anEvent(channelId)
    await this.#hub.publish(this.#guild.id, event, testDeadline())
    for (const seat of this.seats) {
      if (seat.state !== 'in') continue
      if (channelId === undefined || canView(this.state, seat.listener.userId, channelId))
        seat.expected.push(event.id)
    }
  }

  #of(user: UserId): Seat[] {
    return this.seats.filter(({ listener, state }) => listener.userId === user && state === 'in')
  }
}

/**
 * What a client makes of what it is told: the channels it knows, and whether each event made sense
 * to it.
 */
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
    it('reaches each session in its order, each event once, and none of a channel that its user does not see at that point', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }),
          async (steps) => {
            const guild = await createGuild(hub(), 4)
            const play = new Play(hub(), guild)
            await play.begin()
            for (const each of steps) await play.step(each)
            await drain(
              hub(),
              guild.id,
              play.seats.flatMap(({ listener, state }) => (state === 'in' ? [listener] : [])),
            )
            for (const { listener, expected, state } of play.seats) {
              const heard = listener.events('MESSAGE_CREATE').map(({ id }) => id)
              // What was on its way when a session left may still reach it; what came before it
              // left has.
              expect(state === 'left' ? heard.slice(0, expected.length) : heard).toEqual(expected)
              expect(ascend([listener.from, ...listener.positions()])).toBe(true)
              expect(listener.removed).toBe(state === 'kicked')
              const known = channelsKnown(listener)
              if (state !== 'in') continue
              const seen = [...play.state.channels.keys()].filter((id) =>
                canView(play.state, listener.userId, id),
              )
              expect(known).toEqual(new Set(seen))
              expect(
                new Set(
                  (await hub().view(guild.id, listener.userId, testDeadline()))?.channels.map(
                    ({ id }) => id,
                  ),
                ),
              ).toEqual(known)
            }
          },
        ),
        { numRuns: 15 },
      ))

    it('is one order for all, however many speak and change things at once, and says where each event stands', async () => {
      const guild = await createGuild(hub(), 3)
      const users = [...guild.state.members.keys()]
      const listeners = await Promise.all(
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
      await drain(hub(), guild.id, listeners)
      const order = (one: TestSession): string[] => one.events().map(({ id }) => id)
      for (const one of listeners) {
        expect(order(one).filter((id) => order(listeners[0]!).includes(id))).toEqual(
          order(listeners[0]!),
        )
        expect(one.events('GUILD_ROLE_CREATE')).toHaveLength(10)
        const heard = new Map(
          one.deliveries.flatMap((d) =>
            d.kind === 'event' ? [[d.event.id, d.position] as const] : [],
          ),
        )
        events.forEach(({ id }, i) => void expect(heard.get(id)).toEqual(positions[i]))
        expect(one.events('MESSAGE_CREATE')).toHaveLength(events.length)
        expect(ascend([one.from, ...one.positions()])).toBe(true)
      }
    })

    it('has an id once, however often and from wherever it is published', async () => {
      const guild = await createGuild(hub())
      const listener = await openSession(hub(), guild.id, guild.owner.user.id)
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
      await drain(hub(), guild.id, [listener])
      expect(listener.events('MESSAGE_CREATE').filter(({ id }) => id === event.id)).toEqual([event])
    })

    it('keeps what needs a permission from who sees the channel and lacks that permission there', async () => {
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
      const listeners = await Promise.all(
        [guild.owner.user.id, manager, member].map((user) => openSession(hub(), guild.id, user)),
      )
      const events = [
        { ...anEvent(guild.text.id), requiredPermissions: Permission.ManageChannels },
        anEvent(guild.text.id),
      ]
      for (const event of events) await hub().publish(guild.id, event, testDeadline())
      await drain(hub(), guild.id, listeners)
      const [all, open] = [events.map(({ id }) => id), [events[1]!.id]]
      expect(listeners.map((one) => one.events('MESSAGE_CREATE').map(({ id }) => id))).toEqual([
        all,
        all,
        open,
      ])
    })

    it('goes on without a gap from what a session was shown when it joined', async () => {
      const guild = await createGuild(hub())
      const joining: Promise<TestSession>[] = []
      const said: Promise<LogPosition>[] = []
      for (let i = 0; i < 30; i++) {
        said.push(hub().publish(guild.id, anEvent(), testDeadline()))
        if (i % 5 === 2) joining.push(openSession(hub(), guild.id, guild.owner.user.id))
      }
      const [positions, listeners] = await Promise.all([Promise.all(said), Promise.all(joining)])
      await drain(hub(), guild.id, listeners)
      for (const { from, deliveries: told } of listeners) {
        const heard = told.flatMap((d) =>
          d.kind === 'event' && d.event.type === 'MESSAGE_CREATE' ? [d.position.sequence] : [],
        )
        const after = positions
          .map(({ sequence }) => sequence)
          .filter((sequence) => sequence > from.sequence)
        expect(heard).toEqual(after.toSorted((a, b) => a - b))
      }
    })

    it('of one guild is not heard in another, and of no guild by nobody', async () => {
      const [one, other] = [await createGuild(hub()), await createGuild(hub())]
      const listener = await openSession(hub(), other.id, other.owner.user.id)
      await hub().publish(one.id, anEvent(), testDeadline())
      await hub().publish(newId(), anEvent(), testDeadline())
      await drain(hub(), other.id, [listener])
      expect(listener.events('MESSAGE_CREATE')).toEqual([])
    })
  })
}
