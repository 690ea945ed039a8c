import type { ChannelId, UserId } from '@threshold/contract'
import {
  type Channel,
  canView,
  evolve,
  type GuildCommand,
  type GuildState,
} from '@threshold/domain'
import type { GuildHub } from '@threshold/ports'
import fc from 'fast-check'
import {
  aChannel,
  allowView,
  aRole,
  denyView,
  type GuildFixture,
  testDeadline,
} from './fixtures.ts'
import { anEvent, openSession, type TestSession } from './guild-hub-fixture.ts'

const kind = <K extends string>(...all: K[]) => fc.constantFrom(...all)
const [channel, whom] = [fc.nat(2), fc.nat(3)]
export const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: kind('publish'), channel }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('publish to all') }) },
  { weight: 3, arbitrary: fc.record({ kind: kind('hide', 'show', 'restore'), channel, whom }) },
  { weight: 1, arbitrary: fc.record({ kind: kind('replace'), channel }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind('grant', 'deprive', 'kick', 'return', 'join', 'leave'),
      whom,
    }),
  },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface ModelSession {
  readonly session: TestSession
  /** Ids of the events that the session must receive, in order. */
  readonly expected: string[]
  state: 'in' | 'left' | 'kicked'
}

/** Applies steps to a guild with three channels and a role, and to a model of it. */
export class GuildModel {
  readonly #hub: GuildHub
  readonly #guild: GuildFixture
  readonly #role = aRole({ name: 'key' })
  readonly #channels: Channel[] = []
  readonly sessions: ModelSession[] = []
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
    if (step.kind === 'publish to all') return this.#publish(undefined)
    if (step.kind === 'publish') return this.#publish(this.#channels[step.channel]!.id)
    if (step.kind === 'replace') {
      await this.#do({ type: 'channel.delete', by, channelId: this.#channels[step.channel]!.id })
      return this.#open(step.channel)
    }
    const userId = this.#guild.others[step.whom]!.user.id
    switch (step.kind) {
      case 'hide':
      case 'show':
      case 'restore':
        // Only members get overwrites. The overwrite of a kicked member stays.
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
        for (const entry of this.#subscribed(userId)) entry.state = 'kicked'
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
        const [entry] = this.#subscribed(userId)
        entry?.session.subscription.unsubscribe()
        if (entry) entry.state = 'left'
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
    this.sessions.push({
      session: await openSession(this.#hub, this.#guild.id, user),
      expected: [],
      state: 'in',
    })
  }

  async #publish(channelId: ChannelId | undefined): Promise<void> {
    const event = anEvent(channelId)
    await this.#hub.publish(this.#guild.id, event, testDeadline())
    for (const entry of this.sessions) {
      if (entry.state !== 'in') continue
      if (channelId === undefined || canView(this.state, entry.session.userId, channelId))
        entry.expected.push(event.id)
    }
  }

  #subscribed(user: UserId): ModelSession[] {
    return this.sessions.filter(({ session, state }) => session.userId === user && state === 'in')
  }
}
