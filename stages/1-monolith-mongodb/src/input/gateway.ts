import { z } from 'zod'
import { snowflake, text } from './fields.ts'

/**
 * The fields that Discord lets bots set. Others are dropped: libraries send their whole structure,
 * which other libraries cannot read.
 */
const activity = z.object({
  name: text(128),
  type: z.int().min(0).max(5),
  url: text(512).nullish().catch(undefined),
  state: text(128).nullish().catch(undefined),
})

export const presence = z.object({
  /** discordgo identifies with an empty status, which means the default. */
  status: z.union([
    z.enum(['online', 'dnd', 'idle', 'invisible', 'offline']),
    z.literal('').transform(() => 'online' as const),
  ]),
  activities: z.array(activity).max(10).nullish(),
  /** The single activity of older protocols. hikari sends only this one, discordgo an empty one. */
  game: activity.nullish().catch(undefined),
  /** Unused, and serenity sends an object here. */
  since: z.number().nullish().catch(undefined),
  afk: z.boolean().nullish(),
})

export const identify = z.object({
  token: text(512),
  /** Checked after the form, because invalid intents close with 4013 and not with 4002. */
  intents: z.unknown().optional(),
  properties: z.looseObject({}).nullish(),
  compress: z.boolean().nullish(),
  large_threshold: z.int().nullish(),
  shard: z.unknown().nullish(),
  presence: presence.nullish(),
})

export const resume = z.object({
  token: text(512),
  /**
   * discord.py and its forks send null if they lost their socket before READY. It counts as an
   * unknown session. They would retry an invalid form for ever.
   */
  session_id: text(128)
    .nullable()
    .transform((id) => id ?? ''),
  /** A negative number is checked after the form, because it closes with 4007 and not with 4002. */
  seq: z.int().nullable(),
})

export const voiceStateUpdate = z.object({
  guild_id: snowflake,
  channel_id: snowflake.nullable(),
  self_mute: z.boolean().nullish(),
  self_deaf: z.boolean().nullish(),
})

/** An id, or any text or number. Other values are ignored. */
const anyId = z.union([
  snowflake,
  z.string().transform((value) => value.toWellFormed()),
  z.number().transform(String),
  z.bigint().transform(String),
  z.unknown().transform(() => undefined),
])
const MAX_IDS = 100
const anyIds = z.union([z.array(anyId), anyId.transform((one) => [one])])

export const requestMembers = z.object({
  guild_id: z.union([
    snowflake,
    z
      .array(snowflake)
      .length(1)
      .transform((list) => list[0]!),
  ]),
  query: text(100).nullish(),
  limit: z.int().min(0).nullish(),
  presences: z.boolean().nullish(),
  /** A value that is not an id is returned in `not_found`. */
  user_ids: z
    .unknown()
    .refine((value) => !Array.isArray(value) || value.length <= MAX_IDS)
    .pipe(anyIds)
    .transform((ids) => ids.filter((id) => id !== undefined))
    .nullish(),
  /** An invalid nonce is ignored, as Discord documents, and the chunks have none. */
  nonce: text(32).nullish().catch(undefined),
})

export const frame = z.object({ op: z.int(), d: z.unknown().optional() })

export type PresenceInput = z.output<typeof presence>
export type RequestMembers = z.output<typeof requestMembers>
