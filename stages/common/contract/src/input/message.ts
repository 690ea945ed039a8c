import { z } from 'zod'
import { embed, embeds } from './embed.ts'
import { byForm, orNull, snowflake, text, trimmedText } from './fields.ts'
import { allUnsupported, unsupported } from './unsupported.ts'

/** Code points of a message's text. */
export const MAX_CONTENT = 2_000

const allowedMentions = z.object({
  parse: orNull(z.array(z.enum(['users', 'roles', 'everyone'])).max(3)),
  users: orNull(z.array(snowflake).max(100)),
  roles: orNull(z.array(snowflake).max(100)),
  replied_user: orNull(z.boolean()),
})

const NONCES: Readonly<Record<string, z.ZodType<string | number | bigint>>> & {
  readonly string: z.ZodType<string>
} = {
  string: text(25),
  number: z.int(),
  bigint: z
    .bigint()
    .min(-(2n ** 63n))
    .max(2n ** 63n - 1n),
}

/**
 * Up to 25 characters, or an integer of 64 bits; the answer and the event carry it back as it came.
 */
const nonce = byForm(
  (value): z.ZodType<string | number | bigint> => NONCES[typeof value] ?? NONCES.string,
)

/**
 * IS_VOICE_MESSAGE and IS_COMPONENTS_V2: Discord lets a sender set them. The bits that nobody may
 * set are ignored there too.
 */
const UNSUPPORTED_FLAGS = (1 << 13) | (1 << 15)

const flags = orNull(
  z
    .int()
    .min(0)
    .refine((bits) => (bits & UNSUPPORTED_FLAGS) === 0, {
      params: { code: 'FIELD_UNSUPPORTED' },
      message: 'flags: voice messages and components are not supported by this server.',
    }),
)

const content = orNull(trimmedText(MAX_CONTENT))

/** Discord has these parts of a message beside its text and embeds. */
const parts = allUnsupported('components', 'sticker_ids', 'attachments')

export const createMessage = z.object({
  content,
  nonce: orNull(nonce),
  enforce_nonce: orNull(z.boolean()),
  tts: orNull(z.boolean()),
  embeds: orNull(embeds),
  embed: orNull(embed),
  flags,
  allowed_mentions: orNull(allowedMentions),
  message_reference: orNull(
    z.object({
      message_id: snowflake,
      channel_id: orNull(snowflake),
      guild_id: orNull(snowflake),
      fail_if_not_exists: orNull(z.boolean()),
      /** 0 is a reply; 1 forwards. */
      type: unsupported('message_reference.type'),
    }),
  ),
  ...parts,
  ...allUnsupported('poll', 'shared_client_theme'),
})

export const editMessage = z.object({
  content,
  embeds: orNull(embeds),
  embed: orNull(embed),
  flags,
  allowed_mentions: orNull(allowedMentions),
  ...parts,
})

export const bulkDelete = z.object({ messages: z.array(snowflake).max(1_000) })

export type CreateMessage = z.output<typeof createMessage>
export type EditMessage = z.output<typeof editMessage>
export type AllowedMentions = z.output<typeof allowedMentions>
