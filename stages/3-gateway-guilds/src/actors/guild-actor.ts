import { compensatingEvents, type GuildEvent, type GuildState } from '@threshold/domain'
import { type Deadline, encodeJson, type Runtime, type Timers } from '@threshold/kit'
import type {
  Delivery,
  LogPosition,
  MemberList,
  MetadataStore,
  Permissions,
} from '@threshold/ports'
import { Guild } from '@threshold/stage-1/guild'
import type { LinkSender } from '../nats/link.ts'
import { MAX_RECORD_BYTES, type PartitionLog } from '../nats/partition-log.ts'
import type { HubArgs, WireListener } from '../wire/hub.ts'
import { activeTrace, hasSlot, type Slots } from '../wire/link.ts'
import { ListenersByGateway, type RemoteListener } from './listeners.ts'
import type { OpenCommands } from './open-commands.ts'
import type { RecentRecords } from './recent-records.ts'
import type { EventRecord } from './records.ts'
import { dataOf, headOf, replay } from './replay.ts'

/** Events that take a place in the log and are not stored: the next one makes up for a lost one. */
const EPHEMERAL = new Set(['TYPING_START', 'PRESENCE_UPDATE', 'VOICE_STATE_UPDATE'])

export interface GuildActorDependencies {
  readonly metadata: Pick<MetadataStore, 'record' | 'createGuild'>
  readonly permissions: Permissions
  readonly memberList: () => MemberList
  readonly runtime: Runtime
  readonly timers: Timers
  readonly log: PartitionLog
  readonly link: LinkSender
  readonly records: RecentRecords
  readonly openCommands: OpenCommands
  readonly epoch: number
  readonly presenceDelayMs: number
  readonly fence: (deadline: Deadline) => Deadline
  /** Throws `UNAVAILABLE` once the guild was loaded again, into another actor. */
  readonly requireCurrent: () => void
  readonly onDelivered: (sessions: number) => void
  readonly onMemberAdded: (user: string) => void
  readonly onDeleted: () => void
  /** The guild's own code has thrown while it delivered. */
  readonly onFailure: (error: unknown) => void
}

/**
 * One guild of this host: the guild itself, its sessions on all gateways, and the way to them. An
 * event goes to the log of the partition first, and from there as one message to each gateway.
 */
export class GuildActor {
  readonly guild: Guild<RemoteListener>
  /** Resolves when the command that an earlier owner left open is stored and published. */
  completed: Promise<void> = Promise.resolve()
  readonly #id: string
  readonly #listeners = new ListenersByGateway()
  #writing = Promise.resolve()
  readonly #dependencies: GuildActorDependencies

  constructor(state: GuildState, dependencies: GuildActorDependencies) {
    const { runtime, log, records, fence } = dependencies
    this.#id = state.guild.id
    this.#dependencies = dependencies
    this.guild = new Guild(state, {
      ...dependencies,
      metadata: {
        ...dependencies.metadata,
        record: (guild, events, deadline, commandId) => {
          const writing = this.#logCommand(events, commandId).then(() =>
            dependencies.metadata.record(guild, events, deadline),
          )
          this.#writing = writing.catch(() => {})
          return writing
        },
      },
      tracer: runtime.telemetry.tracer,
      clock: runtime.clock,
      fence,
      published: records.of(this.#id).map(({ event, position }) => [event.id, position] as const),
      deliver: (listeners, delivery) => {
        try {
          this.#deliver(listeners, delivery)
        } catch (error) {
          dependencies.onFailure(error)
        }
      },
      storeEvent: (event, position, listeners, recipients) => {
        dependencies.requireCurrent()
        // Computed now, since a session may end before the event is sent.
        const audience = this.#listeners.audienceOf(listeners)
        if (EPHEMERAL.has(event.type)) return undefined
        const record: EventRecord = {
          v: 1,
          kind: 'event',
          key: this.#id,
          position,
          event,
          isForEveryone: this.guild.isForEveryone(recipients),
          audience,
        }
        records.add(record, dataOf(event).length)
        return log.append(record)
      },
      onApplied: () => {
        dependencies.openCommands.close(this.#id)
        const { position } = this.guild
        const gateways = this.gateways()
        const record = { v: 1, kind: 'applied', key: this.#id, position, gateways } as const
        records.addApplied(record)
        void log.append(record).catch(() => {})
      },
    })
  }

  /** The next owner completes the command if this process dies before its end. */
  async #logCommand(events: readonly GuildEvent[], id: string | undefined): Promise<void> {
    const undo = compensatingEvents(this.guild.state, events)
    // The events that undo the deletion of a role name each of its holders.
    const isSmall = Buffer.byteLength(encodeJson(undo)) < MAX_RECORD_BYTES / 2
    const common = { v: 1, kind: 'command', key: this.#id, id, events } as const
    const command = { ...common, undo: isSmall ? undo : [] }
    this.#dependencies.openCommands.open(command)
    await this.#dependencies.log.append(command)
  }

  /** Subscribes new sessions, or goes on with those that an earlier owner had. */
  attach({ gateway, listeners, after, again, continues, slots }: HubArgs<'attach'>): boolean[] {
    if (!again) return listeners.map((each) => this.#attachOne(gateway, each, continues))
    const found = listeners.map((each) =>
      after && each.started
        ? this.#restoreOne(gateway, each)
        : this.#attachOne(gateway, each, false),
    )
    if (!slots) return found
    for (const listener of this.#listeners.ofGateway(gateway))
      if (!hasSlot(slots, listener.slot)) this.detach(listener)
    if (after) this.#replay(gateway, after)
    return found
  }

  /**
   * A gateway that missed a change of the guild gets the guild as it is now, before the events of
   * that time: its clients must know a channel before they get its messages.
   */
  #replay(gateway: string, after: LogPosition): void {
    const missed = this.#dependencies.records.missedCommand(this.#id, gateway, after)
    // Not by the guild's log: it would come after events that wait there.
    const show = (position: LogPosition): void => {
      for (const listener of missed ? this.#listeners.ofGateway(gateway) : []) {
        const view = this.guild.viewDelivery(listener, position)
        if (view) this.#deliver([listener], view)
      }
    }
    const of = { guild: this.#id }
    const slotsNow = (record: EventRecord) => this.#slotsNow(record, gateway)
    replay(this.#dependencies, of, { gateway, after }, slotsNow, show)
  }

  #attachOne(
    gateway: string,
    { slot, userId, sessionId, presence }: WireListener,
    continues: boolean,
  ): boolean {
    const listener = { gateway, slot, userId, sessionId }
    this.#free(gateway, slot)
    this.#listeners.add(listener)
    const { position } = this.guild
    if (this.guild.subscribe(listener, presence, continues)) {
      const head = { kind: 'continued', guild: this.#id, slot, sessionId } as const
      if (continues) this.#dependencies.link.send(gateway, { ...head, after: position })
      return true
    }
    this.#listeners.remove(listener)
    return false
  }

  #restoreOne(gateway: string, { slot, userId, sessionId, ...had }: WireListener): boolean {
    if (this.#listeners.get(gateway, slot)?.sessionId === sessionId) return true
    this.#free(gateway, slot)
    if (!this.guild.state.members.has(userId)) return false
    const listener = { gateway, slot, userId, sessionId }
    this.#listeners.add(listener)
    this.guild.subscriptions.restore(listener, had)
    return true
  }

  /** Ends the session that had the slot: an earlier one, or the same one in a repeated request. */
  #free(gateway: string, slot: number): void {
    const former = this.#listeners.get(gateway, slot)
    if (former) this.detach(former)
  }

  /** A gateway that had no lease at the time of an event gets what its users may see by now. */
  #slotsNow({ event, isForEveryone }: EventRecord, gateway: string): Slots | undefined {
    // A command made it, for some users only, and the guild as it is now shows its effect.
    if (!isForEveryone && event.channelId === undefined) return undefined
    const recipients = this.guild.recipientsOf(event)
    const listeners = this.#listeners
      .ofGateway(gateway)
      .filter(({ userId }) => recipients.has(userId))
    return this.#listeners.slotsOf(listeners).get(gateway)
  }

  /** False if there is no such session. */
  detach(session: Omit<RemoteListener, 'userId'>): boolean {
    const listener = this.#listeners.remove(session)
    if (listener) this.guild.subscriptions.unsubscribe(listener)
    return listener !== undefined
  }

  /** A session of an earlier owner has ended. The others still see its presence and its call. */
  endUnknown(gateway: string, session: WireListener): void {
    const { slot, userId, sessionId, presence, voice } = session
    if (!this.guild.state.members.has(userId)) return
    const listener = { gateway, slot, userId, sessionId }
    this.guild.subscriptions.restore(listener, { presence, isSettled: false, voice })
    this.guild.subscriptions.unsubscribe(listener)
  }

  /** Resolves when no write to the store is under way. */
  written(): Promise<void> {
    return this.#writing
  }

  /** The gateways that have sessions in the guild. */
  gateways(): string[] {
    return this.#listeners.gateways()
  }

  gatewayGone(gateway: string): void {
    for (const listener of this.#listeners.ofGateway(gateway)) this.detach(listener)
  }

  setPresence({ gateway, slot, sessionId, presence }: HubArgs<'setPresence'>): void {
    const listener = this.#listeners.get(gateway, slot)
    if (listener?.sessionId === sessionId) this.guild.subscriptions.setPresence(listener, presence)
  }

  setVoiceState({ gateway, slot, sessionId, change }: HubArgs<'setVoiceState'>) {
    const listener = this.#listeners.get(gateway, slot)
    return listener?.sessionId === sessionId
      ? this.guild.subscriptions.setVoiceState(listener, change)
      : 'left'
  }

  #deliver(listeners: readonly RemoteListener[], delivery: Delivery): void {
    const { link, runtime } = this.#dependencies
    const guild = this.#id
    if (delivery.kind === 'event') {
      const { event, position } = delivery
      const body = dataOf(event)
      const head = { kind: 'event', guild, position, event: headOf(event) } as const
      const trace = activeTrace(runtime.telemetry)
      this.#dependencies.onDelivered(listeners.length)
      for (const [gateway, slots] of this.#listeners.slotsOf(listeners))
        link.send(gateway, { ...head, slots, trace }, body)
      return
    }
    for (const { gateway, slot, sessionId } of listeners)
      if (delivery.kind === 'view') {
        link.send(gateway, { ...delivery, guild, slot, sessionId })
      } else {
        this.#listeners.remove({ gateway, slot, sessionId })
        link.send(gateway, { kind: 'left', guild, slot, sessionId })
      }
  }
}
