import type {
  GuildCommand,
  GuildState,
  GuildView,
  Member,
  Presence,
  Refusal,
} from '@threshold/domain'
import type { Access, ExecuteResult, HubEvent } from '@threshold/ports'
import { z } from 'zod'
import { slots } from './link.ts'

/**
 * The requests that the owner of a partition answers, on `hub.<partition>.<host>`. The schemas
 * check what the owner acts on; the objects of the domain inside were checked where they entered
 * the system.
 */

const snowflake = z.string().regex(/^\d{1,20}$/)
const objectOf = <T extends object>() =>
  z.custom<T>((value) => typeof value === 'object' && value !== null)
const position = z.object({ epoch: z.number(), sequence: z.number() })
const presence = z.custom<Presence>(
  (value) => typeof (value as Partial<Presence> | null)?.status === 'string',
)

export const hubEvent: z.ZodType<HubEvent> = z.object({
  v: z.literal(1),
  id: z.string().max(200),
  type: z.string().max(100),
  data: objectOf<object>(),
  channelId: snowflake.optional(),
  requiredPermissions: z.bigint().optional(),
  authorId: snowflake.optional(),
  mentions: z.array(snowflake).optional(),
}) as z.ZodType<HubEvent>

const voiceChange = z.object({
  channelId: snowflake.nullable(),
  sessionId: z.string(),
  selfMute: z.boolean(),
  selfDeaf: z.boolean(),
  suppress: z.boolean().optional(),
})

/** A guild's members as the clients of a gateway see them. Users who are not named are offline. */
const seen = z.object({
  presences: z.map(snowflake, z.enum(['online', 'idle', 'dnd', 'offline'])),
  calls: z.map(snowflake, voiceChange.extend({ channelId: snowflake })),
})
export type WireSeen = z.output<typeof seen>

/** A session that a gateway attaches. The slot is its place in the bitsets of events. */
const listener = z.object({
  slot: z.int().nonnegative(),
  userId: snowflake,
  sessionId: z.string().max(100),
  presence,
  /** The others have surely seen this presence, and none after it. */
  isSettled: z.boolean(),
  /** The session has had its view. Otherwise it gets one. */
  started: z.boolean(),
  /** The call that the session was in, for an owner that does not know of it. */
  voice: voiceChange.optional(),
})
export type WireListener = z.output<typeof listener>

const operation = <A extends z.ZodType, R extends z.ZodType>(args: A, result: R) => ({
  args,
  result,
})

/** A host, and the number of its last message on the link to the gateway. */
const linked = z.object({ host: z.string(), linked: z.int() })
const ofGuild = { guild: snowflake }
/** A slot may have another session by the time that the message comes. */
const ofSession = { slot: z.int().nonnegative(), sessionId: z.string() }

export const hubOperations = {
  /** Answered once the partition is served. */
  ping: operation(z.object({}), z.null()),
  /** Sends a message to the gateway over the link. `linked` is its number. */
  canary: operation(z.object({ gateway: z.string() }), linked),
  create: operation(z.object({ ...ofGuild, state: objectOf<GuildState>() }), z.null()),
  /** A command with an id that an earlier owner has decided on is answered as it was then. */
  execute: operation(
    z.object({ ...ofGuild, id: z.string().max(100), command: objectOf<GuildCommand>() }),
    objectOf<ExecuteResult>(),
  ),
  access: operation(
    z.object({ ...ofGuild, users: z.array(snowflake), channel: snowflake.optional() }),
    objectOf<Access>(),
  ),
  view: operation(
    z.object({ ...ofGuild, user: snowflake }),
    z.object({ view: objectOf<GuildView>().optional() }),
  ),
  members: operation(
    z.object({
      ...ofGuild,
      query: z.union([
        z.object({ ids: z.array(snowflake).readonly() }),
        z.object({ prefix: z.string(), limit: z.int() }),
        z.object({ after: snowflake, limit: z.int() }),
      ]),
    }),
    z.array(objectOf<Member>()),
  ),
  presences: operation(
    z.object({ ...ofGuild, users: z.array(snowflake) }),
    z.map(z.string(), presence),
  ),
  publish: operation(z.object({ ...ofGuild, event: hubEvent }), position),
  /**
   * Subscribes sessions of one gateway. `after`: they have all events up to there. `linked` is the
   * number of the last message on the link, after which their first deliveries have arrived.
   */
  attach: operation(
    z.object({
      ...ofGuild,
      gateway: z.string(),
      listeners: z.array(listener),
      after: position.optional(),
      /** The sessions are new here, and need no view. */
      continues: z.boolean().default(false),
      /** An earlier owner had these sessions, or this one before it lost them. */
      again: z.boolean(),
      /** The slots of all sessions that the gateway has there. Undefined: more of them follow. */
      slots: slots.optional(),
      /** Comes with `slots`. */
      seen: seen.optional(),
    }),
    linked.extend({ found: z.array(z.boolean()) }),
  ),
  /**
   * The gateway has attached its sessions to this owner of the partition, except in the guilds and
   * for the users named. Events wait for it.
   */
  attached: operation(z.object({ gateway: z.string(), except: z.array(snowflake) }), z.null()),
  /**
   * The session has ended, perhaps at an owner before this one. Answered when its last events are
   * on the link, up to the message that `linked` numbers. `found`: the owner had the session, so
   * none is missing.
   */
  detach: operation(
    z.object({ ...ofGuild, gateway: z.string(), listener }),
    linked.extend({ found: z.boolean() }),
  ),
  setPresence: operation(
    z.object({ ...ofGuild, gateway: z.string(), ...ofSession, presence }),
    z.null(),
  ),
  setVoiceState: operation(
    z.object({ ...ofGuild, gateway: z.string(), ...ofSession, change: voiceChange }),
    z.string() as unknown as z.ZodType<'moved' | 'left' | Refusal>,
  ),
  /**
   * A direct message, or news of one, for the sessions of its users. Asked of the lower user id.
   */
  publishToUsers: operation(z.object({ users: z.array(snowflake), event: hubEvent }), z.null()),
  userEvent: operation(z.object({ user: snowflake, event: hubEvent }), z.null()),
  userJoined: operation(z.object({ user: snowflake, guild: snowflake }), z.null()),
  attachUser: operation(
    z.object({
      user: snowflake,
      gateway: z.string(),
      slot: z.int(),
      sessionId: z.string(),
      after: position.optional(),
      continues: z.boolean().default(false),
    }),
    linked.extend({ found: z.boolean() }),
  ),
  detachUser: operation(
    z.object({ user: snowflake, gateway: z.string(), ...ofSession }),
    linked.extend({ found: z.boolean() }),
  ),
} as const

export type HubOperations = typeof hubOperations
export type HubArgs<K extends keyof HubOperations> = z.output<HubOperations[K]['args']>
export type HubResult<K extends keyof HubOperations> = z.output<HubOperations[K]['result']>

const names = Object.keys(hubOperations) as [keyof HubOperations, ...(keyof HubOperations)[]]

/**
 * The request of a partition: which operation, and its arguments. It names the owner, so that a
 * former one, which may still be running and never answer, does not get it.
 */
export const hubRequest = (partition: number, host: string) => ({
  subject: `hub.${partition}.${host}`,
  body: z.object({ op: z.enum(names), args: z.unknown() }),
  result: z.unknown(),
})
