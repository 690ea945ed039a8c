import { z } from 'zod'
import { embed, embeds } from './embed.ts'
import { schemaFor, snowflake, text, trimmedText } from './fields.ts'
import { allUnsupported, unsupported } from './unsupported.ts'

/** The maximum length of a message's text, in code points. */
const MAX_CONTENT = 2_000

const allowedMentions = z.object({
  parse: z
    .array(z.enum(['users', 'roles', 'everyone']))
    .max(3)
    .nullish(),
  users: z.array(snowflake).max(100).nullish(),
  roles: z.array(snowflake).max(100).nullish(),
  replied_user: z.boolean().nullish(),
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

/** Up to 25 characters or a 64-bit integer. The answer and the event return it unchanged. */
const nonce = schemaFor(
  (value): z.ZodType<string | number | bigint> => NONCES[typeof value] ?? NONCES.string,
)

/**
 * IS_VOICE_MESSAGE and IS_COMPONENTS_V2, which a sender may set at Discord. Bits that only the
 * server may set are ignored, here as at Discord.
 */
const UNSUPPORTED_FLAGS = (1 << 13) | (1 << 15)

const flags = z
  .int()
  .min(0)
  .refine((bits) => (bits & UNSUPPORTED_FLAGS) === 0, {
    params: { code: 'FIELD_UNSUPPORTED' },
    message: 'flags: voice messages and components are not supported by this server.',
  })
  .nullish()

const content = trimmedText(MAX_CONTENT).nullish()

/** Parts of a message that this server does not support. */
const parts = allUnsupported('components', 'sticker_ids', 'attachments')

export const createMessage = z.object({
  content,
  nonce: nonce.nullish(),
  enforce_nonce: z.boolean().nullish(),
  tts: z.boolean().nullish(),
  embeds: embeds.nullish(),
  embed: embed.nullish(),
  flags,
  allowed_mentions: allowedMentions.nullish(),
  message_reference: z
    .object({
      message_id: snowflake,
      channel_id: snowflake.nullish(),
      guild_id: snowflake.nullish(),
      fail_if_not_exists: z.boolean().nullish(),
      /** 0 replies to a message, 1 forwards it. */
      type: unsupported('message_reference.type'),
    })
    .nullish(),
  ...parts,
  ...allUnsupported('poll', 'shared_client_theme'),
})

export const editMessage = z.object({
  content,
  embeds: embeds.nullish(),
  embed: embed.nullish(),
  flags,
  allowed_mentions: allowedMentions.nullish(),
  ...parts,
})

export const bulkDelete = z.object({ messages: z.array(snowflake).max(1_000) })

export type CreateMessage = z.output<typeof createMessage>
export type EditMessage = z.output<typeof editMessage>
