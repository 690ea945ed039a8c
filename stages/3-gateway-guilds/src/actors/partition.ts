import { setImmediate } from 'node:timers/promises'
import {
  CodedError,
  type Deadline,
  hasCode,
  type Runtime,
  type Timers,
  unavailable,
} from '@threshold/kit'
import type { MemberList, MessageStore, MetadataStore, Permissions } from '@threshold/ports'
import { type HubClient, moved } from '../nats/hub-client.ts'
import type { Lease } from '../nats/leases.ts'
import type { LinkSender } from '../nats/link.ts'
import type { OpenedLog, PartitionLog } from '../nats/partition-log.ts'
import { partitionOf } from '../nats/partitions.ts'
import { type HubOperations, hubOperations } from '../wire/hub.ts'
import type { AttachGate } from './attach-gate.ts'
import { createGuildActors } from './guild-actors.ts'
import { createHandlers } from './handlers.ts'
import { Mailboxes } from './mailboxes.ts'
import { OpenCommands } from './open-commands.ts'
import type { Quarantine } from './quarantine.ts'
import { RecentRecords } from './recent-records.ts'
import { partitionRecord } from './records.ts'
import { createUserActors } from './user-actors.ts'
import type { RunAs } from './watchdog.ts'

export interface PartitionDependencies {
  readonly metadata: MetadataStore
  readonly messages: Pick<MessageStore, 'newest'>
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly runtime: Runtime
  readonly timers: Timers
  readonly link: LinkSender
  readonly lease: Lease
  /** Whether a gateway of this id has a lease. The sessions of others would never end. */
  readonly isGateway: (gateway: string) => boolean
  readonly hub: HubClient
  readonly gate: AttachGate
  readonly quarantine: Quarantine
  /** Runs a guild's own code, and all that follows from it, in the guild's name. */
  readonly runAs: RunAs
  /** Called for each event with the number of its sessions. */
  readonly onDelivered: (sessions: number) => void
  readonly presenceDelayMs?: number
  /** Above this many guilds in memory, idle ones are unloaded. */
  readonly idleGuilds?: number
}

/** The parts that the guilds and users of one partition share. */
export interface PartitionContext extends PartitionDependencies {
  readonly log: PartitionLog
  readonly records: RecentRecords
  readonly openCommands: OpenCommands
  /** The first epoch of this owner. Each load of a guild has the next one. */
  readonly epochBase: number
}

/** The guilds and users of one partition, while this host owns it. */
export interface Partition {
  /** Loads the guilds with temporary members, whose time also runs without any request. */
  loadTemporary(deadline: Deadline): Promise<void>
  handle(op: keyof HubOperations, args: unknown, deadline: Deadline): Promise<unknown>
  /** A gateway's lease has ended. Its sessions go, and with them their presences and calls. */
  gatewayGone(gateway: string): void
  /** Accepts nothing more, and resolves when what it has accepted is done and stored. */
  drain(): Promise<void>
  /** Stops at once. Unacknowledged work is for the next owner, or lost. */
  close(): void
}

/** Loads of one guild by one owner. Epochs of the log times this stay far below 2^53. */
const MAX_LOADS = 1_000_000

export function openPartition(
  partition: number,
  { log, history }: OpenedLog,
  dependencies: PartitionDependencies,
): Partition {
  const { runtime, lease, gate } = dependencies
  const earlier = history.map(({ record }) => partitionRecord.parse(record))
  const records = new RecentRecords(runtime.clock, earlier)
  const openCommands = new OpenCommands(earlier)
  const context = { ...dependencies, log, records, openCommands, epochBase: log.epoch * MAX_LOADS }
  const users = createUserActors(context)
  const guilds = createGuildActors(context, users)
  const mailboxes = new Mailboxes(runtime.clock)
  const handlers = createHandlers(context, guilds, users, mailboxes)
  const running = new Set<Promise<unknown>>()
  let draining = false
  let closed = false

  async function run(op: keyof HubOperations, args: unknown, deadline: Deadline) {
    const parsed = hubOperations[op].args.safeParse(args)
    if (!parsed.success) throw new CodedError('BAD_MESSAGE', `the arguments of ${op} are not valid`)
    const handler = handlers[op] as (args: unknown, deadline: Deadline) => Promise<unknown>
    const { guild } = parsed.data as { guild?: string }
    const handle = () => handler(parsed.data, deadline)
    using _ = guild === undefined ? undefined : mailboxes.enter(guild, op)
    // NATS delivers many requests in one turn of the event loop. Each gets a turn of its own, so
    // that the watchdog can tell what a guild does with the memory.
    if (guild !== undefined) await setImmediate()
    const handling = guild === undefined ? handle() : dependencies.runAs(guild, handle)
    const result = await handling.catch((error: unknown) => {
      if (hasCode(error) || guild === undefined) throw error
      guilds.failed(guild, error)
      throw unavailable('the guild', error)
    })
    if (closed) throw moved()
    return result
  }

  return {
    async loadTemporary(deadline) {
      for (const id of await dependencies.metadata.guildsWithTemporaryMembers(deadline))
        if (partitionOf(id) === partition) await guilds.getForView(id, deadline)
    },
    async handle(op, args, deadline) {
      if (draining || closed) throw moved()
      lease.limit(deadline)
      const handling = run(op, args, deadline)
      running.add(handling)
      return handling.finally(() => running.delete(handling))
    },
    gatewayGone(gateway) {
      gate.gone(gateway)
      guilds.gatewayGone(gateway)
      users.gatewayGone(gateway)
    },
    async drain() {
      draining = true
      gate.giveUp()
      await Promise.allSettled([...running])
      await log.flushed()
    },
    close() {
      closed = true
      gate.giveUp()
      guilds.close()
    },
  }
}
