import { setTimeout as delay } from 'node:timers/promises'
import type { Reaction } from '@threshold/domain'
import type { Deadline } from '@threshold/kit'
import { type MessageKey, type Movable, type Row, reactionKey } from '../movable.ts'
import { same } from '../shadow.ts'
import { insist } from './move.ts'

/** One message as the two stores have it, where they do not agree. */
export interface Divergence {
  readonly key: MessageKey
  readonly source: Row | undefined
  readonly target: Row | undefined
  /** Reactions of the one that the other has not, or has with another time. */
  readonly sourceReactions: readonly Reaction[]
  readonly targetReactions: readonly Reaction[]
}

export interface Pair {
  readonly source: Movable
  readonly target: Movable
}

export interface Compared {
  readonly source: number
  readonly target: number
  readonly divergences: readonly Divergence[]
}

async function compareOnce({ source, target }: Pair, keys: readonly MessageKey[], by: Deadline): Promise<Compared> {
  if (keys.length === 0) return { source: 0, target: 0, divergences: [] }
  const [sources, targets] = await Promise.all([source.rows(keys, by), target.rows(keys, by)])
  const [ours, theirs] = [byId(sources), byId(targets)]
  // Of messages alone that anybody reacted to, in either store: most have none.
  const reacted = keys.filter(({ id }) => ours.get(id)?.reacted || theirs.get(id)?.reacted)
  const [ourReactions, theirReactions] =
    reacted.length === 0 ? [[], []] : await Promise.all([source.reactionsOn(reacted, by), target.reactionsOn(reacted, by)])
  const [oursByMessage, theirsByMessage] = [byMessage(ourReactions), byMessage(theirReactions)]
  const divergences = keys.flatMap((key): Divergence[] => {
    const [one, other] = [ours.get(key.id), theirs.get(key.id)]
    const [reactions, others] = [oursByMessage.get(key.id) ?? [], theirsByMessage.get(key.id) ?? []]
    const sourceReactions = one ? without(reactions, others) : []
    const targetReactions = other ? without(others, reactions) : []
    const equal = one && other ? same(one.message, other.message) : one === other
    return equal && sourceReactions.length + targetReactions.length === 0
      ? []
      : [{ key, source: one, target: other, sourceReactions, targetReactions }]
  })
  return { source: sources.length, target: targets.length, divergences }
}

const AGAIN_MS = 150
const TRIES = 6

/** What is being written is in one store and not yet in the other: only what stays different is a difference. */
export async function compare(pair: Pair, keys: readonly MessageKey[]): Promise<Compared> {
  const first = await insist((by) => compareOnce(pair, keys, by))
  let { divergences } = first
  for (let tries = 1; divergences.length > 0 && tries < TRIES; tries++) {
    await delay(AGAIN_MS)
    const left = divergences.map(({ key }) => key)
    divergences = (await insist((by) => compareOnce(pair, left, by))).divergences
  }
  return { ...first, divergences }
}

/**
 * Gives the older of the two what the newer has. A row that MongoDB has and Cassandra will not take was deleted there: an insert
 * that came after its delete, which MongoDB cannot tell from a first one.
 */
export async function repair({ source, target }: Pair, divergence: Divergence): Promise<void> {
  const { key, source: one, target: other } = divergence
  const put = (to: Movable, row: Row) => insist((by) => to.put([row], by, { edited: true }))
  if (!one) return other && (await insist((by) => target.erase([{ ...key, dedupe: other.dedupe }], by)))
  if (!other) {
    await put(target, one)
    const [taken] = await insist((by) => target.rows([key], by))
    if (!taken) return await insist((by) => source.erase([{ ...key, dedupe: one.dedupe }], by))
  } else if (!same(one.message, other.message)) {
    const [ours, theirs] = [one.message.writeTimeMicros, other.message.writeTimeMicros]
    if (ours > theirs) await put(target, one)
    else if (theirs > ours) await put(source, other)
    else {
      // Two processes in one microsecond: neither is the newer, so the one that is read becomes it.
      const settled = { ...one, message: { ...one.message, writeTimeMicros: ours + 1n } }
      await put(target, settled)
      await put(source, settled)
    }
  }
  await repairReactions({ source, target }, divergence)
}

async function repairReactions({ source, target }: Pair, { sourceReactions, targetReactions }: Divergence): Promise<void> {
  const ours = new Set(sourceReactions.map(reactionKey))
  await insist((by) => target.putReactions(sourceReactions, by))
  const newer = targetReactions.filter((reaction) => ours.has(reactionKey(reaction)))
  await insist((by) => source.putReactions(newer, by))
  const only = targetReactions.filter((reaction) => !ours.has(reactionKey(reaction)))
  await insist((by) => target.eraseReactions(only, by))
}

const byId = (rows: readonly Row[]): Map<string, Row> => new Map(rows.map((row) => [row.message.id, row]))
const byMessage = (reactions: readonly Reaction[]): Map<string, Reaction[]> => Map.groupBy(reactions, ({ messageId }) => messageId)

function without(some: readonly Reaction[], others: readonly Reaction[]): Reaction[] {
  const times = new Map(others.map((other) => [reactionKey(other), other.writeTimeMicros]))
  return some.filter((one) => times.get(reactionKey(one)) !== one.writeTimeMicros)
}
