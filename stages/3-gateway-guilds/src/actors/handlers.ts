import { setImmediate } from 'node:timers/promises'
import type { Member } from '@threshold/domain'
import {
  CodedError,
  type Deadline,
  deadlineAfter,
  hasCode,
  messageOf,
  withDeadline,
} from '@threshold/kit'
import { MOVED } from '../nats/hub-client.ts'
import type { HubArgs, HubOperations, HubResult, WireSeen } from '../wire/hub.ts'
import type { GuildActors } from './guild-actors.ts'
import type { Mailboxes } from './mailboxes.ts'
import type { PartitionContext } from './partition.ts'
import type { UserActors } from './user-actors.ts'

/** Longer than the lease of a gateway that does not attach. */
const CORRECT_TIMEOUT_MS = 10_000

export type Handlers = {
  readonly [K in keyof HubOperations]: (
    args: HubArgs<K>,
    deadline: Deadline,
  ) => Promise<HubResult<K>>
}

/** The operations of the hub, on the guilds and users of one partition. */
export function createHandlers(
  context: PartitionContext,
  guilds: GuildActors,
  users: UserActors,
  mailboxes: Mailboxes,
): Handlers {
  const { metadata, lease, isGateway, link, log, gate, quarantine, openCommands } = context
  /** A gateway that has just got its lease asks again until this host knows of it. */
  function requireGateway(gateway: string): void {
    if (!isGateway(gateway)) throw new CodedError(MOVED, 'the lease of the gateway has ended')
  }

  /**
   * Tells clients of users who have no session any more, once the sessions of all gateways are
   * known. Their gateway has died together with the owner before.
   */
  async function correct(guild: string, seen: WireSeen): Promise<void> {
    try {
      await gate.wait(guild, deadlineAfter(CORRECT_TIMEOUT_MS, context.runtime.clock))
      context.runAs(guild, () => guilds.loaded(guild)?.guild.subscriptions.correct(seen))
    } catch (error) {
      // The next owner is told again.
      if (hasCode(error, MOVED)) return
      if (!hasCode(error)) guilds.failed(guild, error)
      context.runtime.log.warn({ guild, err: messageOf(error) }, 'ghosts may be left in a guild')
    }
  }

  /** When all events that have a place in the log are on their way. */
  async function linkAfterAll(gateway: string) {
    await log.flushed()
    // The events that waited for the log are sent before the next turn.
    await setImmediate()
    return { host: link.host, linked: link.last(gateway) }
  }

  return {
    async ping() {
      return null
    },
    async canary({ gateway }) {
      requireGateway(gateway)
      return { host: link.host, linked: link.send(gateway, { kind: 'canary' }) }
    },
    async create({ state }, deadline) {
      // Durable first: a guild that exists only in memory would be lost with the process.
      await metadata.createGuild(state, lease.limit(deadline))
      guilds.add(state)
      for (const user of state.members.keys()) users.notifyJoined(user, state.guild.id)
      return null
    },
    async execute({ guild, id, command }, deadline) {
      quarantine.check(guild)
      await gate.wait(guild, deadline)
      const loaded = await guilds.get(guild, deadline)
      const events = openCommands.decided(id)
      if (!events)
        return loaded?.execute(command, deadline, id) ?? { ok: false, refusal: 'unknown-guild' }
      const completed = guilds.loaded(guild)?.completed ?? Promise.resolve()
      await withDeadline(deadline, 'the guild', completed)
      return { ok: true, events }
    },
    async access({ guild, users: userIds, channel }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      return loaded ? loaded.access(userIds, channel) : { kind: 'unknown-guild' }
    },
    async view({ guild, user }, deadline) {
      const view = (await guilds.getForView(guild, deadline))?.view(user)
      return view ? { view } : {}
    },
    async members({ guild, query }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      if (!loaded) return []
      if ('ids' in query)
        return query.ids
          .map((user) => loaded.state.members.get(user))
          .filter((member): member is Member => member !== undefined)
      return 'prefix' in query
        ? loaded.members.startingWith(query.prefix, query.limit)
        : loaded.members.page(query.after, query.limit)
    },
    async presences({ guild, users: userIds }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      if (!loaded) return new Map()
      return new Map(
        userIds
          .map((user) => [user, loaded.subscriptions.presenceOf(user)] as const)
          .filter(([, { status }]) => status !== 'offline'),
      )
    },
    async publish({ guild, event }, deadline) {
      quarantine.check(guild)
      await gate.wait(guild, deadline)
      const loaded = await guilds.get(guild, deadline)
      // The guild was deleted meanwhile, so no session is left to receive the event.
      if (!loaded || mailboxes.isSuperfluous(event))
        return { epoch: context.epochBase, sequence: 0 }
      const { position, durable } = loaded.publish(event)
      await durable
      return position
    },
    async attach(args, deadline) {
      const { guild, gateway, listeners, again, slots, seen } = args
      requireGateway(gateway)
      // A guild that was loaded again may replay records of the load before.
      if (again) await log.flushed()
      await guilds.getForView(guild, deadline)
      const found = guilds.loaded(guild)?.attach(args) ?? listeners.map(() => false)
      if (slots) gate.attachedOne(gateway, guild)
      if (seen) void correct(guild, seen)
      return { found, host: link.host, linked: link.last(gateway) }
    },
    async attached({ gateway, except }) {
      gate.attached(gateway, except)
      return null
    },
    async detach({ guild, gateway, listener }, deadline) {
      // An attachment of this session may be waiting for the guild.
      await guilds.getForView(guild, deadline)
      let found = guilds.loaded(guild)?.detach({ gateway, ...listener }) ?? false
      if (!found) {
        await gate.wait(guild, deadline)
        // It may have been attached with the others meanwhile.
        const actor = guilds.loaded(guild)
        found = actor?.detach({ gateway, ...listener }) ?? false
        if (!found) actor?.endUnknown(gateway, listener)
      }
      return { ...(await linkAfterAll(gateway)), found }
    },
    async setPresence(args, deadline) {
      // A gateway that attaches to a new owner may have named the presence before this one.
      await gate.wait(args.guild, deadline)
      await guilds.getForView(args.guild, deadline)
      guilds.loaded(args.guild)?.setPresence(args)
      return null
    },
    async setVoiceState(args, deadline) {
      await gate.wait(args.guild, deadline)
      await guilds.get(args.guild, deadline)
      return guilds.loaded(args.guild)?.setVoiceState(args) ?? 'left'
    },
    async publishToUsers({ users: userIds, event }, deadline) {
      await users.publishToAll(userIds, event, deadline)
      return null
    },
    async userEvent({ user, event }, deadline) {
      await users.publish(user, event, deadline)
      return null
    },
    async userJoined({ user, guild }, deadline) {
      await gate.wait(user, deadline)
      users.peek(user)?.joined(guild)
      return null
    },
    async attachUser(args, deadline) {
      const { user, gateway } = args
      requireGateway(gateway)
      const found = await users.get(user).attach(args, deadline)
      gate.attachedOne(gateway, user)
      return { found, host: link.host, linked: link.last(gateway) }
    },
    async detachUser({ user, ...session }) {
      const found = users.peek(user)?.detach(session) ?? false
      users.removeIfIdle(user)
      return { ...(await linkAfterAll(session.gateway)), found }
    },
  }
}
