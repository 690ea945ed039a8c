import type { GuildState, Member } from '@threshold/domain'
import {
  CodedError,
  type Deadline,
  deadlineAfter,
  type Runtime,
  type Timers,
  unavailable,
} from '@threshold/kit'
import type { MemberList, MessageStore, MetadataStore, Permissions } from '@threshold/ports'
import { createLoadedGuilds } from '@threshold/stage-1/adapters/loaded-guilds'
import pLimit from 'p-limit'
import { type HubClient, MOVED } from '../nats/hub-client.ts'
import type { Lease } from '../nats/leases.ts'
import type { LinkSender } from '../nats/link.ts'
import type { OpenedLog } from '../nats/partition-log.ts'
import { partitionOf } from '../nats/partitions.ts'
import { type HubArgs, type HubOperations, type HubResult, hubOperations } from '../wire/hub.ts'
import { GuildActor } from './guild-actor.ts'
import { type LogRecord, logRecord } from './records.ts'
import { UserActor } from './user-actor.ts'

export interface PartitionDependencies {
  readonly metadata: MetadataStore
  readonly messages: Pick<MessageStore, 'newest'>
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly runtime: Runtime
  readonly timers: Timers
  readonly link: LinkSender
  readonly lease: Lease
  readonly hub: HubClient
  readonly presenceDelayMs?: number
  readonly idleGuilds?: number
}

/** The guilds and users of one partition, while this host owns it. */
export interface Partition {
  handle(op: keyof HubOperations, args: unknown, deadline: Deadline): Promise<unknown>
  /** A gateway's lease has ended. Its sessions go, and with them their presences and calls. */
  gatewayGone(gateway: string): void
  /** Accepts nothing more, and resolves when what it has accepted is done and stored. */
  drain(): Promise<void>
  /** Stops at once. What was not acknowledged is for the next owner, or lost. */
  close(): void
}

/** Restarts of one guild within an epoch, which each need an epoch of their own. */
const MAX_RESTARTS = 1_000
const NOTIFY_TIMEOUT_MS = 5_000

export function openPartition(
  { log, history }: OpenedLog,
  dependencies: PartitionDependencies,
): Partition {
  const { metadata, runtime, link, lease, hub, presenceDelayMs = 200 } = dependencies
  const { idleGuilds = 5_000 } = dependencies
  const epochBase = log.epoch * MAX_RESTARTS
  const records = Map.groupBy(
    history.map(({ record }) => logRecord.parse(record)),
    ({ key }) => key,
  )
  const recordsOf = (key: string): LogRecord[] => {
    const known = records.get(key) ?? []
    records.set(key, known)
    return known
  }
  const guilds = createLoadedGuilds({ ...dependencies }, runtime, createGuild, idleGuilds)
  const actors = new Map<string, GuildActor>()
  const users = new Map<string, UserActor>()
  const loads = new Map<string, number>()
  /** One direct message at a time for each lower user, so that both sides see them in one order. */
  const orders = new Map<string, ReturnType<typeof pLimit>>()
  const running = new Set<Promise<unknown>>()
  let sequence = 0
  let draining = false
  let closed = false

  function createGuild(state: GuildState) {
    const { id } = state.guild
    const restarts = (loads.get(id) ?? -1) + 1
    loads.set(id, restarts)
    const actor = new GuildActor(state, {
      ...dependencies,
      log,
      records: recordsOf(id),
      epoch: epochBase + restarts,
      presenceDelayMs,
      fence: (deadline) => lease.limit(deadline),
      onMemberAdded: (user) => notifyJoined(user, id),
      onDeleted: () => {
        guilds.remove(id)
        actors.delete(id)
      },
    })
    actors.set(id, actor)
    return actor.guild
  }

  /** The user may belong to another partition, whose host tells the user's sessions. */
  function notifyJoined(user: string, guild: string): void {
    const deadline = deadlineAfter(NOTIFY_TIMEOUT_MS, runtime.clock)
    hub.request(user, 'userJoined', { user, guild }, deadline).catch((error: unknown) => {
      runtime.log.warn({ err: error, guild }, 'the sessions of a new member were not told')
    })
  }

  function userActor(id: string): UserActor {
    let actor = users.get(id)
    if (!actor) {
      actor = new UserActor(id, {
        ...dependencies,
        log,
        records: recordsOf(id),
        lastPosition: () => ({ epoch: epochBase, sequence }),
        nextPosition: () => {
          sequence += 1
          return { epoch: epochBase, sequence }
        },
      })
      users.set(id, actor)
    }
    return actor
  }

  async function actorOf(guild: string, deadline: Deadline): Promise<GuildActor | undefined> {
    return (await guilds.get(guild, deadline)) && actors.get(guild)
  }

  type Handlers = {
    readonly [K in keyof HubOperations]: (
      args: HubArgs<K>,
      deadline: Deadline,
    ) => Promise<HubResult<K>>
  }
  const handlers: Handlers = {
    async create({ state }, deadline) {
      // Durable first: a guild that exists only in memory would be lost with the process.
      await metadata.createGuild(state, lease.limit(deadline))
      guilds.add(state)
      for (const user of state.members.keys()) notifyJoined(user, state.guild.id)
      return null
    },
    async execute({ guild, command }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      return loaded ? loaded.execute(command, deadline) : { ok: false, refusal: 'unknown-guild' }
    },
    async access({ guild, users: of, channel }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      return loaded ? loaded.access(of, channel) : { kind: 'unknown-guild' }
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
    async presences({ guild, users: of }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      return new Map(
        of
          .map((user) => [user, loaded?.subscriptions.presenceOf(user)] as const)
          .flatMap(([user, presence]) =>
            presence && presence.status !== 'offline' ? [[user, presence] as const] : [],
          ),
      )
    },
    async publish({ guild, event }, deadline) {
      const loaded = await guilds.get(guild, deadline)
      // The guild was deleted meanwhile, so no session is left to receive the event.
      if (!loaded) return { epoch: epochBase, sequence: 0 }
      const { position, durable } = loaded.publish(event)
      await durable
      return position
    },
    async attach(args, deadline) {
      await guilds.getForView(args.guild, deadline)
      const found = actors.get(args.guild)?.attach(args) ?? args.listeners.map(() => false)
      return { found, linked: link.last(args.gateway) }
    },
    async detach({ guild, ...session }) {
      actors.get(guild)?.detach(session)
      return null
    },
    async setPresence(args) {
      actors.get(args.guild)?.setPresence(args)
      return null
    },
    async setVoiceState(args, deadline) {
      return (await actorOf(args.guild, deadline))?.setVoiceState(args) ?? 'left'
    },
    async publishToUsers({ users: of, event }, deadline) {
      const [lower = ''] = of.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
      const inOrder = orders.get(lower) ?? pLimit(1)
      orders.set(lower, inOrder)
      await inOrder(async () => {
        for (const user of new Set(of))
          if (partitionOf(user) === partitionOf(lower)) await userActor(user).publish(event)
          else await hub.request(user, 'userEvent', { user, event }, deadline)
      })
      if (inOrder.activeCount + inOrder.pendingCount === 0) orders.delete(lower)
      return null
    },
    async userEvent({ user, event }) {
      await userActor(user).publish(event)
      return null
    },
    async userJoined({ user, guild }) {
      users.get(user)?.joined(guild)
      return null
    },
    async attachUser(args, deadline) {
      const found = await userActor(args.user).attach(args, deadline)
      return { found, linked: link.last(args.gateway) }
    },
    async detachUser({ user, ...session }) {
      const actor = users.get(user)
      actor?.detach(session)
      if (actor?.idle) users.delete(user)
      return null
    },
  }

  async function run(op: keyof HubOperations, args: unknown, deadline: Deadline) {
    const parsed = hubOperations[op].args.safeParse(args)
    if (!parsed.success) throw new CodedError('BAD_MESSAGE', `the arguments of ${op} are not valid`)
    const handler = handlers[op] as (args: unknown, deadline: Deadline) => Promise<unknown>
    return handler(parsed.data, deadline)
  }

  return {
    async handle(op, args, deadline) {
      if (draining || closed) throw new CodedError(MOVED, 'the partition has another owner now')
      lease.limit(deadline)
      const handling = run(op, args, deadline)
      running.add(handling)
      const result = await handling.finally(() => running.delete(handling))
      // After the end of the lease another owner may have answered differently already.
      if (closed) throw unavailable('the guild')
      return result
    },
    gatewayGone(gateway) {
      for (const actor of actors.values()) actor.gatewayGone(gateway)
      for (const actor of users.values()) actor.gatewayGone(gateway)
    },
    async drain() {
      draining = true
      await Promise.allSettled([...running])
      await log.flushed()
    },
    close() {
      closed = true
      guilds.close()
    },
  }
}
