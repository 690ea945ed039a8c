import type { StoredMessage } from '@threshold/domain'
import { long, text } from './database.ts'

/**
 * Documents as they are stored. `v` is the version of the format: a reader understands its own and
 * the one before. Unset fields are absent, not null.
 */
export interface MessageDocument {
  _id: bigint
  v: 1
  channelId: bigint
  authorId: bigint
  content: string
  writeTime: bigint
  type: 0 | 19
  editedAt?: Date
  tts?: boolean
  nonce?: string | number | bigint
  flags?: number
  mentions?: bigint[]
  mentionRoles?: bigint[]
  mentionEveryone?: boolean
  /**
   * JSON text. Clients choose the keys of embeds, and the driver does not store every key as it
   * is: `_bsontype` has a meaning for it, and so has a zero byte.
   */
  embeds?: string
  reference?: { messageId: bigint; channelId: bigint }
  /** The key of its nonce, if it was sent with `enforce_nonce`. A delete marks that nonce. */
  dedupe?: string
  /** Set by the first reaction. Pages count reactions only for messages that have it. */
  reacted?: boolean
}

export interface NonceDocument {
  /** `author:channel:nonce`. */
  _id: string
  messageId: bigint
  /** When it was reserved, by the database's clock. A TTL index removes it five minutes later. */
  at: Date
  /** The message was deleted. */
  gone: boolean
}

export interface ReactionDocument {
  /** `message:emoji:user`. */
  _id: string
  v: 1
  messageId: bigint
  channelId: bigint
  emoji: string
  userId: bigint
  writeTime: bigint
}

export function toMessageDocument(m: StoredMessage, dedupe?: string): MessageDocument {
  return {
    _id: long(m.id),
    v: 1,
    channelId: long(m.channelId),
    authorId: long(m.authorId),
    content: m.content,
    writeTime: m.writeTimeMicros,
    type: m.type,
    ...(m.editedAt === undefined ? {} : { editedAt: new Date(m.editedAt) }),
    ...(m.tts ? { tts: true } : {}),
    ...(m.nonce === undefined ? {} : { nonce: m.nonce }),
    ...(m.flags ? { flags: m.flags } : {}),
    ...(m.mentions?.length ? { mentions: m.mentions.map(long) } : {}),
    ...(m.mentionRoles?.length ? { mentionRoles: m.mentionRoles.map(long) } : {}),
    ...(m.mentionEveryone ? { mentionEveryone: true } : {}),
    ...(m.embeds?.length ? { embeds: JSON.stringify(m.embeds) } : {}),
    ...(m.reference
      ? {
          reference: {
            messageId: long(m.reference.messageId),
            channelId: long(m.reference.channelId),
          },
        }
      : {}),
    ...(dedupe === undefined ? {} : { dedupe }),
  }
}

export function fromMessageDocument(d: MessageDocument): StoredMessage {
  return {
    v: 1,
    id: text(d._id),
    channelId: text(d.channelId),
    authorId: text(d.authorId),
    content: d.content,
    writeTimeMicros: d.writeTime,
    type: d.type,
    ...(d.editedAt === undefined ? {} : { editedAt: d.editedAt.getTime() }),
    ...(d.tts ? { tts: true } : {}),
    ...(d.nonce === undefined ? {} : { nonce: narrow(d.nonce) }),
    ...(d.flags ? { flags: d.flags } : {}),
    ...(d.mentions?.length ? { mentions: d.mentions.map(text) } : {}),
    ...(d.mentionRoles?.length ? { mentionRoles: d.mentionRoles.map(text) } : {}),
    ...(d.mentionEveryone ? { mentionEveryone: true } : {}),
    ...embedsFrom(d.embeds),
    ...(d.reference
      ? {
          reference: {
            messageId: text(d.reference.messageId),
            channelId: text(d.reference.channelId),
          },
        }
      : {}),
  }
}

/** The driver reads 64-bit integers as bigints, and some engines return all integers as 64-bit. */
const narrow = (value: string | number | bigint): string | number | bigint =>
  typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value

function embedsFrom(json: string | undefined): Pick<StoredMessage, 'embeds'> {
  const embeds = json === undefined ? [] : (JSON.parse(json) as object[])
  return embeds.length === 0 ? {} : { embeds }
}
