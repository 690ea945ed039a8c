import { evolve, type GuildState } from '@threshold/domain'
import {
  type Deadline,
  deadlineAfter,
  hasCode,
  messageOf,
  type Timers,
  unavailable,
  withDeadline,
} from '@threshold/kit'
import { createLoadedGuilds } from '@threshold/stage-1/adapters/loaded-guilds'
import type { Guild } from '@threshold/stage-1/guild'
import { MOVED } from '../nats/hub-client.ts'
import { GuildActor } from './guild-actor.ts'
import type { RemoteListener } from './listeners.ts'
import type { PartitionContext } from './partition.ts'
import type { CommandRecord } from './records.ts'
import type { UserActors } from './user-actors.ts'

type RemoteGuild = Guild<RemoteListener>

/** Longer than a lease, since a gateway that does not attach is waited for. */
const COMPLETE_TIMEOUT_MS = 10_000

/** The guilds of a partition that are in memory, each with its actor. */
export interface GuildActors {
  /**
   * Loads the guild if necessary. Undefined: there is no such guild. Rejects with `UNAVAILABLE` if
   * it is quarantined.
   */
  get(id: string, deadline: Deadline): Promise<RemoteGuild | undefined>
  getForView(id: string, deadline: Deadline): Promise<RemoteGuild | undefined>
  add(state: GuildState): void
  /** Undefined if the guild is not in memory. */
  loaded(id: string): GuildActor | undefined
  /**
   * The guild's own code has thrown. The guild is loaded again, and its sessions go on there, as
   * with a new owner. No other guild notices.
   */
  failed(id: string, error: unknown): void
  gatewayGone(gateway: string): void
  close(): void
}

export function createGuildActors(context: PartitionContext, users: UserActors): GuildActors {
  const { runtime, lease, link, gate, quarantine, openCommands, epochBase } = context
  const { presenceDelayMs = 200, idleGuilds = 5_000 } = context
  const guilds = createLoadedGuilds<RemoteListener>(context, runtime, createGuild, idleGuilds)
  const actors = new WeakMap<RemoteGuild, GuildActor>()
  /** Guilds whose former actor is writing to the store. They are loaded again after that. */
  const retiring = new Map<string, Promise<void>>()
  /** How often each guild was loaded. Every load has an epoch of its own, so positions grow. */
  const loads = new Map<string, number>()

  function createGuild(stored: GuildState): RemoteGuild {
    const { id } = stored.guild
    const open = openCommands.get(id)
    // Sessions know the state before the command, whether the store has all, some or none of it.
    const state = open ? open.undo.reduce(evolve, stored) : stored
    const load = (loads.get(id) ?? -1) + 1
    loads.set(id, load)
    const onFailure = (error: unknown): void => {
      if (loaded(id) === actor) failed(id, error)
    }
    /** A former actor of the guild may still run a command. It must not store or publish. */
    const requireCurrent = (): void => {
      if (loaded(id) !== actor) throw unavailable('the guild')
    }
    const actor = new GuildActor(state, {
      ...context,
      timers: guarded(context.timers, (work) => context.runAs(id, work), onFailure),
      epoch: epochBase + load,
      presenceDelayMs,
      requireCurrent,
      fence: (deadline) => {
        requireCurrent()
        return lease.limit(deadline)
      },
      onMemberAdded: (user) => users.notifyJoined(user, id),
      onDeleted: () => guilds.remove(id),
      onFailure,
    })
    actors.set(actor.guild, actor)
    if (open) complete(actor, open)
    return actor.guild
  }

  /** Runs before all other commands of the guild. */
  function complete(actor: GuildActor, command: CommandRecord): void {
    const { key, id, events } = command
    const deadline = deadlineAfter(COMPLETE_TIMEOUT_MS, runtime.clock)
    const ready = (): Promise<void> => gate.wait(key, deadline)
    actor.completed = context.runAs(key, () => actor.guild.redo(events, ready, deadline, id))
    actor.completed.catch((error: unknown) => {
      // The guild has the state before the command, and the store may have another one. The command
      // is still open, for the next load or the next owner.
      if (loaded(key) === actor && !hasCode(error, MOVED)) failed(key, error)
    })
  }

  function loaded(id: string): GuildActor | undefined {
    const guild = guilds.peek(id)
    return guild && actors.get(guild)
  }

  function failed(id: string, error: unknown): void {
    runtime.log.error({ guild: id, err: error }, 'a guild has failed; it is loaded again')
    // An outage of the store is no fault of the guild.
    if (!hasCode(error)) quarantine.failed(id, messageOf(error))
    const former = loaded(id)
    const gateways = former?.gateways() ?? []
    gate.expect(id, gateways)
    if (former) {
      const written = former.written().finally(() => retiring.delete(id))
      retiring.set(id, written)
    }
    guilds.remove(id)
    for (const gateway of gateways) link.send(gateway, { kind: 'reattach', guild: id })
  }

  /** Rejects for a quarantined guild, and waits for the last write of its former actor. */
  async function requireServable(id: string, deadline: Deadline): Promise<void> {
    quarantine.check(id)
    await withDeadline(deadline, 'the guild', retiring.get(id) ?? Promise.resolve())
  }

  return {
    ...guilds,
    async get(id, deadline) {
      await requireServable(id, deadline)
      return guilds.get(id, deadline)
    },
    async getForView(id, deadline) {
      await requireServable(id, deadline)
      return guilds.getForView(id, deadline)
    },
    loaded,
    failed,
    gatewayGone(gateway) {
      for (const guild of guilds.all()) actors.get(guild)?.gatewayGone(gateway)
    },
  }
}

/** Reports an error that is thrown in a timer. It would otherwise end the process. */
const guarded = (
  timers: Timers,
  runAs: (work: () => void) => void,
  onFailure: (error: unknown) => void,
): Timers => ({
  after: (ms, work) =>
    timers.after(ms, () => {
      try {
        runAs(work)
      } catch (error) {
        onFailure(error)
      }
    }),
})
