import { z } from 'zod'
import { orNull, snowflake, text } from './fields.ts'

/**
 * What Discord lets bots set; the rest is dropped. Libraries send their whole structure, and others
 * cannot read it.
 */
const activity = z.object({
  name: text(128),
  type: z.int().min(0).max(5),
  url: text(512).nullish().catch(undefined),
  state: text(128).nullish().catch(undefined),
})

export const presence = z.object({
  /**
   * discordgo identifies with an empty one, which says nothing and so means what saying nothing
   * means.
   */
  status: z.union([
    z.enum(['online', 'dnd', 'idle', 'invisible', 'offline']),
    z.literal('').transform(() => 'online' as const),
  ]),
  activities: orNull(z.array(activity).max(10)),
  /** The one activity of older protocols: hikari sends no other, discordgo an empty one. */
  game: orNull(activity).catch(undefined),
  /** Nobody is told of it, and serenity writes it as an object. */
  since: orNull(z.number()).catch(undefined),
  afk: orNull(z.boolean()),
})

export const identify = z.object({
  token: text(512),
  /** Judged after the form: without valid intents the close code is 4013, not 4002. */
  intents: z.unknown().optional(),
  properties: orNull(z.looseObject({})),
  compress: orNull(z.boolean()),
  large_threshold: orNull(z.int()),
  shard: orNull(z.unknown()),
  presence: orNull(presence),
})

export const resume = z.object({
  token: text(512),
  /**
   * Null from discord.py's kin when they were cut before READY: no session, and not a wrong form,
   * or they would try for ever.
   */
  session_id: text(128)
    .nullable()
    .transform((id) => id ?? ''),
  /** A negative one is judged after the form: 4007, not 4002. */
  seq: z.int().nullable(),
})

export const voiceStateUpdate = z.object({
  guild_id: snowflake,
  channel_id: snowflake.nullable(),
  self_mute: orNull(z.boolean()),
  self_deaf: orNull(z.boolean()),
})

/**
 * An id, or a text or number that is none. A value that could not be named as a text is ignored.
 */
const anyId = z.union([
  snowflake,
  z.string().transform((value) => value.toWellFormed()),
  z.number().transform(String),
  z.bigint().transform(String),
  z.unknown().transform(() => undefined),
])
const MOST_IDS = 100
const anyIds = z.union([z.array(anyId), anyId.transform((one) => [one])])

export const requestMembers = z.object({
  guild_id: z.union([
    snowflake,
    z
      .array(snowflake)
      .length(1)
      .transform((list) => list[0]!),
  ]),
  query: orNull(text(100)),
  limit: orNull(z.int().min(0)),
  presences: orNull(z.boolean()),
  /** One that is no id belongs to no member, and is named in `not_found`. */
  user_ids: orNull(
    z
      .unknown()
      .refine((value) => !Array.isArray(value) || value.length <= MOST_IDS)
      .pipe(anyIds)
      .transform((ids) => ids.filter((id) => id !== undefined)),
  ),
  /** One that is none is ignored, as Discord documents, and the chunks carry none. */
  nonce: orNull(text(32)).catch(undefined),
})

export const frame = z.object({ op: z.int(), d: z.unknown().optional() })

export type Identify = z.output<typeof identify>
export type PresenceInput = z.output<typeof presence>
export type RequestMembers = z.output<typeof requestMembers>
