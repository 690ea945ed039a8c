import { setTimeout as delay } from 'node:timers/promises'
import type { Reaction } from '@threshold/domain'
import { replicateReaction } from './reconcile.ts'
import {
  type MessageKey,
  type MessageRow,
  type MigrationPort,
  type PutOptions,
  reactionKey,
} from './replica.ts'
import { putReactions, reactionPages, retry } from './retry.ts'
import { sameMessage } from './shadow-reads.ts'
import { slices } from './sizes.ts'
import type { WriteIntents } from './state.ts'

/** A message that the two ends do not have alike. */
export interface Divergence {
  readonly key: MessageKey
  readonly source: MessageRow | undefined
  readonly target: MessageRow | undefined
  /** Reactions that the other end has not, or has with another write time. */
  readonly sourceReactions: readonly Reaction[]
  readonly targetReactions: readonly Reaction[]
}

interface BothEnds {
  readonly source: MigrationPort
  readonly target: MigrationPort
}

async function compareOnce(
  { source, target }: BothEnds,
  keys: readonly MessageKey[],
): Promise<Divergence[]> {
  if (keys.length === 0) return []
  const rowsOf = async (end: MigrationPort) => byId(await retry((by) => end.rows(keys, by)))
  const [sourceRows, targetRows] = await Promise.all([rowsOf(source), rowsOf(target)])
  // Only messages with a reaction in either store are compared further: most have none.
  const reacted = keys.filter(
    ({ id }) => sourceRows.get(id)?.reacted || targetRows.get(id)?.reacted,
  )
  const reactions = await differingReactions({ source, target }, reacted)
  return keys.flatMap((key): Divergence[] => {
    const [one, other] = [sourceRows.get(key.id), targetRows.get(key.id)]
    const differing = reactions.get(key.id)
    const divergence: Divergence = {
      key,
      source: one,
      target: other,
      sourceReactions: one ? (differing?.sourceReactions ?? []) : [],
      targetReactions: other ? (differing?.targetReactions ?? []) : [],
    }
    const equal = one && other ? sameMessage(one.message, other.message) : one === other
    return equal && divergence.sourceReactions.length + divergence.targetReactions.length === 0
      ? []
      : [divergence]
  })
}

/** Messages whose reactions are in memory at once, of both stores. */
const REACTED_AT_ONCE = 20

async function differingReactions(
  { source, target }: BothEnds,
  reacted: readonly MessageKey[],
): Promise<Map<string, Pick<Divergence, 'sourceReactions' | 'targetReactions'>>> {
  const found = new Map<string, Pick<Divergence, 'sourceReactions' | 'targetReactions'>>()
  for (const some of slices(reacted, REACTED_AT_ONCE)) {
    const read = async (end: MigrationPort) =>
      byMessage((await Array.fromAsync(reactionPages(end, some))).flat())
    const [bySource, byTarget] = await Promise.all([read(source), read(target)])
    for (const { id } of some) {
      const [one, other] = [bySource.get(id) ?? [], byTarget.get(id) ?? []]
      const sourceReactions = without(one, other)
      const targetReactions = without(other, one)
      if (sourceReactions.length + targetReactions.length > 0)
        found.set(id, { sourceReactions, targetReactions })
    }
  }
  return found
}

const AGAIN_MS = 150
/** A replica that is away for longer makes differences, and they are reported as such. */
const COMPARE_FOR_MS = 30_000

/**
 * A message that is being written, or waits to be reconciled, is in one store first, and its intent
 * is recorded. Only what differs with no intent recorded, before and after it was read, counts.
 */
export async function compare(
  { intents, ...ends }: BothEnds & { readonly intents: Pick<WriteIntents, 'pendingFor'> },
  keys: readonly MessageKey[],
): Promise<Divergence[]> {
  let divergences = await compareOnce(ends, keys)
  const until = Date.now() + COMPARE_FOR_MS
  let quiet = new Set<string>()
  for (;;) {
    const undecided = divergences.filter(({ key }) => !quiet.has(key.id))
    if (undecided.length === 0 || Date.now() > until) return divergences
    const pending = () => {
      const ids = divergences.map(({ key }) => key.id)
      return retry((by) => intents.pendingFor(ids, by))
    }
    const before = await pending()
    if (before.size > 0) await delay(AGAIN_MS)
    const left = divergences.map(({ key }) => key)
    divergences = await compareOnce(ends, left)
    const after = divergences.length === 0 ? before : await pending()
    quiet = new Set(left.map(({ id }) => id).filter((id) => !before.has(id) && !after.has(id)))
  }
}

/** The source decides: what was deleted there since it was compared stays deleted. */
const PRESENT = { onlyIfPresent: true } as const

/**
 * Gives the older of the two what the newer has. A row that the source has and the target does not
 * keep was deleted there: an insert came after its delete, and the source cannot tell that from a
 * first insert.
 */
export async function repair({ source, target }: BothEnds, divergence: Divergence): Promise<void> {
  const { key, source: one, target: other } = divergence
  const put = (end: MigrationPort, row: MessageRow, options?: Pick<PutOptions, 'onlyIfPresent'>) =>
    retry((by) => end.put([row], by, { edited: true, ...options }))
  const remove = (end: MigrationPort, { dedupe }: MessageRow) =>
    retry((by) => end.delete([{ ...key, dedupe }], by))
  if (!one) return other && (await remove(target, other))
  if (!other) {
    await put(target, one)
    const [kept] = await retry((by) => target.rows([key], by))
    if (!kept) return await remove(source, one)
  } else if (!sameMessage(one.message, other.message)) {
    const [sourceTime, targetTime] = [one.message.writeTimeMicros, other.message.writeTimeMicros]
    if (sourceTime > targetTime) await put(target, one)
    else if (targetTime > sourceTime) await put(source, other, PRESENT)
    else {
      // Two processes wrote in one microsecond and neither is newer, so the source's row becomes
      // it.
      const message = { ...one.message, writeTimeMicros: sourceTime + 1n }
      const newer = { ...one, message }
      await put(target, newer)
      await put(source, newer, PRESENT)
    }
  }
  await repairReactions({ source, target }, divergence)
}

async function repairReactions(
  { source, target }: BothEnds,
  { sourceReactions, targetReactions }: Divergence,
): Promise<void> {
  const onSource = new Set(sourceReactions.map(reactionKey))
  await putReactions(target, sourceReactions)
  const newer = targetReactions.filter((reaction) => onSource.has(reactionKey(reaction)))
  await putReactions(source, newer, PRESENT)
  // Read again, and not as they were compared: a user who took one back may have given it again.
  const targetOnly = targetReactions.filter((reaction) => !onSource.has(reactionKey(reaction)))
  const pair = { primary: source, replica: target }
  for (const reaction of targetOnly)
    await retry((by) => replicateReaction(pair, reaction, true, by))
}

const byId = (rows: readonly MessageRow[]): Map<string, MessageRow> =>
  new Map(rows.map((row) => [row.message.id, row]))
const byMessage = (reactions: readonly Reaction[]): Map<string, Reaction[]> =>
  Map.groupBy(reactions, ({ messageId }) => messageId)

function without(some: readonly Reaction[], others: readonly Reaction[]): Reaction[] {
  const times = new Map(others.map((other) => [reactionKey(other), other.writeTimeMicros]))
  return some.filter((one) => times.get(reactionKey(one)) !== one.writeTimeMicros)
}
