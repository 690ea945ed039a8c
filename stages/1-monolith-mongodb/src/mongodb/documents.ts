import type { StoredMessage } from '@threshold/domain'
import { long, text } from './database.ts'

/**
 * Shapes at rest. `v` says which: a reader takes its own and the one before. Unset fields are
 * absent, not null.
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
   * As JSON: their keys are the client's, and a driver takes `_bsontype`, or a key with a zero byte
   * in it, for something of its own.
   */
  embeds?: string
  reference?: { messageId: bigint; channelId: bigint }
  /** Sent with `enforce_nonce`: the key of its nonce, which deleting the message must mark. */
  dedupe?: string
  /** Somebody has reacted at some time: only then does a page ask for counts. */
  reacted?: boolean
}

export interface NonceDocument {
  _id: string
  messageId: bigint
  at: Date
  gone: boolean
}

export interface ReactionDocument {
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

/** The driver reads every 64-bit integer as a bigint, and some engines return all integers so. */
const narrow = (value: string | number | bigint): string | number | bigint =>
  typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value

function embedsFrom(json: string | undefined): Pick<StoredMessage, 'embeds'> {
  const embeds = json === undefined ? [] : (JSON.parse(json) as object[])
  return embeds.length === 0 ? {} : { embeds }
}
