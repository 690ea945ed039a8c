import type { Deadline, Runtime } from '@threshold/kit'
import type { HubEvent, LogPosition, MessageStore, MetadataStore, UserView } from '@threshold/ports'
import { readDirectChannels } from '@threshold/stage-1/guild/direct-channels'
import { LRUCache } from 'lru-cache'
import type { LinkSender } from '../nats/link.ts'
import type { PartitionLog } from '../nats/partition-log.ts'
import type { HubArgs } from '../wire/hub.ts'
import { activeTrace } from '../wire/link.ts'
import { ListenersByGateway, type RemoteListener } from './listeners.ts'
import type { RecentRecords } from './recent-records.ts'
import type { EventRecord } from './records.ts'
import { dataOf, headOf, replay } from './replay.ts'

/** Ids of published direct messages of one user, so that a retry is published once. */
const MAX_PUBLISHED_IDS = 1_024

export interface UserActorDependencies {
  readonly metadata: Pick<MetadataStore, 'users' | 'guildsOf' | 'dmsOf'>
  readonly messages: Pick<MessageStore, 'newest'>
  readonly runtime: Runtime
  readonly log: PartitionLog
  readonly link: LinkSender
  readonly records: RecentRecords
  /** A place after all earlier ones of this partition. */
  readonly nextPosition: () => LogPosition
  readonly lastPosition: () => LogPosition
}

/**
 * One user of this host: their sessions on all gateways, and what reaches them outside of guilds.
 */
export class UserActor {
  readonly #id: string
  readonly #dependencies: UserActorDependencies
  readonly #listeners = new ListenersByGateway()
  readonly #published = new LRUCache<string, Promise<void>>({
    maxSize: MAX_PUBLISHED_IDS,
    sizeCalculation: () => 1,
  })
  /** Events that wait for the log. */
  #storing = 0
  /** Resolves when the newest event was sent, or will not be. */
  #sent = Promise.resolve()

  constructor(id: string, dependencies: UserActorDependencies) {
    this.#id = id
    this.#dependencies = dependencies
    for (const { event } of dependencies.records.of(id))
      this.#published.set(event.id, Promise.resolve())
  }

  get idle(): boolean {
    return this.#storing === 0 && this.#listeners.gateways().length === 0
  }

  /** False if there is no such user. */
  async attach(args: HubArgs<'attachUser'>, deadline: Deadline): Promise<boolean> {
    const { gateway, slot, sessionId, after, continues } = args
    const listener = { gateway, slot, sessionId, userId: this.#id }
    // Attached before the guilds are read: otherwise a guild that the user joins in between would
    // be in neither.
    this.#listeners.add(listener)
    if (after) {
      const user = this.#id
      this.#dependencies.link.send(gateway, { kind: 'continued', user, slot, sessionId, after })
      replay(this.#dependencies, { user }, { gateway, after }, () => 'all')
      return true
    }
    const position = this.#dependencies.lastPosition()
    if (continues) {
      const head = { kind: 'continued', user: this.#id, slot, sessionId } as const
      this.#dependencies.link.send(gateway, { ...head, after: position })
      return true
    }
    try {
      const view = await this.#readView(deadline)
      if (view) {
        const user = this.#id
        this.#dependencies.link.send(gateway, {
          kind: 'user-view',
          user,
          slot,
          sessionId,
          position,
          view,
        })
        return true
      }
    } catch (error) {
      this.#listeners.remove(listener)
      throw error
    }
    this.#listeners.remove(listener)
    return false
  }

  /** False if there is no such session. */
  detach(session: Omit<RemoteListener, 'userId'>): boolean {
    return this.#listeners.remove(session) !== undefined
  }

  gatewayGone(gateway: string): void {
    for (const listener of this.#listeners.ofGateway(gateway)) this.#listeners.remove(listener)
  }

  /** Resolves once the event is in the log and is on its way to the user's sessions. */
  publish(event: HubEvent): Promise<void> {
    let publishing = this.#published.get(event.id)
    if (!publishing) {
      publishing = this.#store(event)
      this.#published.set(event.id, publishing)
      this.#sent = publishing.catch(() => {})
    }
    return publishing
  }

  async #store(event: HubEvent): Promise<void> {
    const { log, link, records, nextPosition, runtime } = this.#dependencies
    const trace = activeTrace(runtime.telemetry)
    const position = nextPosition()
    const audience = this.#listeners.audienceOf(this.#listeners.all())
    const record: EventRecord = {
      v: 1,
      kind: 'event',
      key: this.#id,
      position,
      event,
      isForEveryone: true,
      audience,
    }
    records.add(record, dataOf(event).length)
    this.#storing += 1
    await log.append(record).finally(() => {
      this.#storing -= 1
    })
    const payload = { kind: 'event', user: this.#id, position, event: headOf(event) } as const
    for (const [gateway, slots] of audience)
      link.send(gateway, { ...payload, slots, trace }, dataOf(event))
  }

  joined(guild: string): void {
    const { link, nextPosition } = this.#dependencies
    const position = nextPosition()
    const gateways = this.#listeners.gateways()
    // A gateway drops what comes after a later position, so this waits for the events before it.
    void this.#sent.then(() => {
      for (const gateway of gateways)
        link.send(gateway, { kind: 'joined', user: this.#id, guild, position })
    })
  }

  async #readView(deadline: Deadline): Promise<UserView | undefined> {
    const { metadata, messages, runtime } = this.#dependencies
    const [[user], guilds, channels] = await Promise.all([
      metadata.users([this.#id], deadline),
      metadata.guildsOf(this.#id, deadline),
      metadata.dmsOf(this.#id, deadline),
    ])
    if (!user) return undefined
    const readUsers = async (ids: ReadonlySet<string>, by: Deadline) =>
      new Map((await metadata.users([...ids], by)).map((found) => [found.id, found]))
    const sources = { messages, readUsers }
    const directChannels = await readDirectChannels(sources, this.#id, channels, runtime, deadline)
    return { user, guilds, directChannels }
  }
}
