import { z } from 'zod'
import { embed, embeds } from './embed.ts'
import { orNull, snowflake, text } from './fields.ts'

/** Code units of a message's text. */
export const MAX_CONTENT = 2_000

const allowedMentions = z.object({
  parse: orNull(z.array(z.enum(['users', 'roles', 'everyone'])).max(3)),
  users: orNull(z.array(snowflake).max(100)),
  roles: orNull(z.array(snowflake).max(100)),
  replied_user: orNull(z.boolean()),
})

/** Up to 25 characters, or an integer; the answer and the event carry it back as it came. */
const nonce = z.union([text(25), z.int()])

export const createMessage = z.object({
  content: orNull(text(MAX_CONTENT)),
  nonce: orNull(nonce),
  enforce_nonce: orNull(z.boolean()),
  tts: orNull(z.boolean()),
  embeds: orNull(embeds),
  embed: orNull(embed),
  flags: orNull(z.int().min(0)),
  allowed_mentions: orNull(allowedMentions),
  message_reference: orNull(
    z.object({
      message_id: snowflake,
      channel_id: orNull(snowflake),
      guild_id: orNull(snowflake),
      fail_if_not_exists: orNull(z.boolean()),
    }),
  ),
})

export const editMessage = z.object({
  content: orNull(text(MAX_CONTENT)),
  embeds: orNull(embeds),
  embed: orNull(embed),
  flags: orNull(z.int().min(0)),
  allowed_mentions: orNull(allowedMentions),
})

export const bulkDelete = z.object({ messages: z.array(snowflake).max(1_000) })

export type CreateMessage = z.output<typeof createMessage>
export type EditMessage = z.output<typeof editMessage>
export type AllowedMentions = z.output<typeof allowedMentions>
