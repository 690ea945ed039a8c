import { parseJson, writeJson } from '@threshold/contract'
import type { StoredMessage } from '@threshold/domain'
import type { MessageEdit, MessageSender } from '@threshold/ports'
import type { CassandraRow } from './database.ts'

/** Ids are strings on the wire and 64-bit integers at rest: eight bytes, sorted as numbers. */
export const long = (id: string): bigint => BigInt(id)
export const text = (id: unknown): string => String(id)

/** A message's columns beside its key. The only other one, `reacted`, belongs to its reactions. */
export const COLUMNS = [
  'v',
  'author_id',
  'content',
  'write_time',
  'type',
  'edited_at',
  'tts',
  'nonce',
  'flags',
  'mentions',
  'mention_roles',
  'mention_everyone',
  'embeds',
  'reference_message',
  'reference_channel',
  'dedupe',
] as const

/** The columns that an edit may set. */
export const EDITABLE = [
  'content',
  'flags',
  'embeds',
  'mentions',
  'mention_roles',
  'mention_everyone',
  'edited_at',
] as const

type Columns = Readonly<Partial<Record<(typeof COLUMNS)[number], unknown>>>

/** Sorted as `COLUMNS`. Undefined values stay unset, since a null would be a tombstone. */
export const insertValues = (m: StoredMessage, dedupe: string | undefined): unknown[] => {
  const columns: Columns = {
    v: m.v,
    author_id: long(m.authorId),
    // Half a surrogate pair has no bytes in UTF-8, and the driver would write bytes that no reader
    // decodes. A replacement character takes its place.
    content: m.content.toWellFormed(),
    write_time: m.writeTimeMicros,
    type: m.type,
    edited_at: dateOf(m.editedAt),
    tts: m.tts || undefined,
    nonce: m.nonce === undefined ? undefined : writeJson(m.nonce),
    flags: m.flags || undefined,
    mentions: m.mentions?.length ? m.mentions.map(long) : undefined,
    mention_roles: m.mentionRoles?.length ? m.mentionRoles.map(long) : undefined,
    mention_everyone: m.mentionEveryone || undefined,
    embeds: m.embeds?.length ? JSON.stringify(m.embeds) : undefined,
    reference_message: m.reference && long(m.reference.messageId),
    reference_channel: m.reference && long(m.reference.channelId),
    dedupe,
  }
  return COLUMNS.map((column) => columns[column])
}

/** Sorted as `EDITABLE`. A field that the edit empties is written; one it leaves out is not. */
export const editValues = (set: MessageEdit['set']): unknown[] => {
  const columns: Columns = {
    content: set.content?.toWellFormed(),
    flags: set.flags,
    embeds: set.embeds && JSON.stringify(set.embeds),
    mentions: set.mentions?.map(long),
    mention_roles: set.mentionRoles?.map(long),
    mention_everyone: set.mentionEveryone,
    edited_at: dateOf(set.editedAt),
  }
  return EDITABLE.map((column) => columns[column])
}

/** Undefined for a row without a message, such as a ghost: an edit that arrived after a delete. */
export function fromRow(row: CassandraRow): StoredMessage | undefined {
  if (row.author_id == null) return undefined
  return {
    v: 1,
    id: text(row.message_id),
    channelId: text(row.channel_id),
    authorId: text(row.author_id),
    content: text(row.content),
    writeTimeMicros: row.write_time as bigint,
    type: row.type as 0 | 19,
    ...(row.edited_at instanceof Date ? { editedAt: row.edited_at.getTime() } : {}),
    ...(row.tts ? { tts: true } : {}),
    ...(row.nonce == null ? {} : { nonce: nonceFrom(text(row.nonce)) }),
    ...(row.flags ? { flags: row.flags as number } : {}),
    ...(isList(row.mentions) ? { mentions: row.mentions.map(text) } : {}),
    ...(isList(row.mention_roles) ? { mentionRoles: row.mention_roles.map(text) } : {}),
    ...(row.mention_everyone ? { mentionEveryone: true } : {}),
    ...(row.embeds == null || row.embeds === '[]'
      ? {}
      : { embeds: JSON.parse(text(row.embeds)) as object[] }),
    ...(row.reference_message == null
      ? {}
      : {
          reference: {
            messageId: text(row.reference_message),
            channelId: text(row.reference_channel),
          },
        }),
  }
}

export function senderFrom(row: CassandraRow): MessageSender | undefined {
  if (row.author_id == null) return undefined
  return {
    id: text(row.message_id),
    authorId: text(row.author_id),
    ...(row.dedupe == null ? {} : { dedupeNonce: String(nonceFrom(text(row.nonce))) }),
  }
}

function nonceFrom(json: string): NonNullable<StoredMessage['nonce']> {
  const read = parseJson(json)
  return read.ok ? (read.value as NonNullable<StoredMessage['nonce']>) : json
}

const isList = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > 0
const dateOf = (ms: number | undefined): Date | undefined =>
  ms === undefined ? undefined : new Date(ms)
