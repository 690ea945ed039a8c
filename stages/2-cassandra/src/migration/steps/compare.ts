import { setTimeout as delay } from 'node:timers/promises'
import type { Reaction } from '@threshold/domain'
import type { Intents } from '../intents.ts'
import { mirrorReaction } from '../mirror.ts'
import {
  type MessageKey,
  type Movable,
  type PutOptions,
  type Row,
  reactionKey,
} from '../movable.ts'
import { same } from '../shadow.ts'
import { slices } from '../sizes.ts'
import { insist, putReactions, reactionPages } from './insist.ts'

/** One message as the two stores have it, where they do not agree. */
export interface Divergence {
  readonly key: MessageKey
  readonly source: Row | undefined
  readonly target: Row | undefined
  /** Reactions of the one that the other has not, or has with another time. */
  readonly sourceReactions: readonly Reaction[]
  readonly targetReactions: readonly Reaction[]
}

interface Ends {
  readonly source: Movable
  readonly target: Movable
}

interface Pair extends Ends {
  readonly intents: Pick<Intents, 'about'>
}

async function compareOnce(
  { source, target }: Ends,
  keys: readonly MessageKey[],
): Promise<Divergence[]> {
  if (keys.length === 0) return []
  const rowsOf = async (side: Movable) => byId(await insist((by) => side.rows(keys, by)))
  const [ours, theirs] = await Promise.all([rowsOf(source), rowsOf(target)])
  // Of messages alone that anybody reacted to, in either store: most have none.
  const reacted = keys.filter(({ id }) => ours.get(id)?.reacted || theirs.get(id)?.reacted)
  const reactions = await differingReactions({ source, target }, reacted)
  return keys.flatMap((key): Divergence[] => {
    const [one, other] = [ours.get(key.id), theirs.get(key.id)]
    const { sourceReactions = [], targetReactions = [] } = reactions.get(key.id) ?? {}
    const divergence = {
      ...{ key, source: one, target: other },
      ...{
        sourceReactions: one ? sourceReactions : [],
        targetReactions: other ? targetReactions : [],
      },
    }
    const equal = one && other ? same(one.message, other.message) : one === other
    return equal && divergence.sourceReactions.length + divergence.targetReactions.length === 0
      ? []
      : [divergence]
  })
}

type Reactions = Pick<Divergence, 'sourceReactions' | 'targetReactions'>

/** Messages whose reactions are in memory at once, of both stores. */
const REACTED_TOGETHER = 20

async function differingReactions(
  { source, target }: Ends,
  reacted: readonly MessageKey[],
): Promise<Map<string, Reactions>> {
  const found = new Map<string, Reactions>()
  for (const some of slices(reacted, REACTED_TOGETHER)) {
    const [ours, theirs] = await Promise.all(
      [source, target].map((side) => Array.fromAsync(reactionPages(side, some))),
    )
    const [byOurs, byTheirs] = [byMessage(ours!.flat()), byMessage(theirs!.flat())]
    for (const { id } of some) {
      const [one, other] = [byOurs.get(id) ?? [], byTheirs.get(id) ?? []]
      const [sourceReactions, targetReactions] = [without(one, other), without(other, one)]
      if (sourceReactions.length + targetReactions.length > 0)
        found.set(id, { sourceReactions, targetReactions })
    }
  }
  return found
}

const AGAIN_MS = 150
/** A second store that is away for longer makes differences, and they are told as such. */
const PATIENCE_MS = 30_000

/**
 * What is being written, or waits to be settled, is in one store and not yet in the other; it is
 * written down. Only what differs when nothing is written down of it, before and after it was
 * looked at, is a difference.
 */
export async function compare(pair: Pair, keys: readonly MessageKey[]): Promise<Divergence[]> {
  let divergences = await compareOnce(pair, keys)
  const until = Date.now() + PATIENCE_MS
  let quiet = new Set<string>()
  for (;;) {
    const open = divergences.filter(({ key }) => !quiet.has(key.id)).map(({ key }) => key)
    if (open.length === 0 || Date.now() > until) return divergences
    const under = async () =>
      await insist((by) =>
        pair.intents.about(
          divergences.map(({ key }) => key.id),
          by,
        ),
      )
    const before = await under()
    if (before.size > 0) await delay(AGAIN_MS)
    const left = divergences.map(({ key }) => key)
    divergences = await compareOnce(pair, left)
    const after = divergences.length === 0 ? before : await under()
    quiet = new Set(left.map(({ id }) => id).filter((id) => !before.has(id) && !after.has(id)))
  }
}

/** The first store decides: what was deleted there since it was compared stays so. */
const PRESENT = { present: true } as const

/**
 * Gives the older of the two what the newer has. A row that MongoDB has and Cassandra will not take
 * was deleted there: an insert that came after its delete, which MongoDB cannot tell from a first
 * one.
 */
export async function repair({ source, target }: Ends, divergence: Divergence): Promise<void> {
  const { key, source: one, target: other } = divergence
  const put = (to: Movable, row: Row, options?: Pick<PutOptions, 'present'>) =>
    insist((by) => to.put([row], by, { edited: true, ...options }))
  if (!one)
    return other && (await insist((by) => target.erase([{ ...key, dedupe: other.dedupe }], by)))
  if (!other) {
    await put(target, one)
    const [taken] = await insist((by) => target.rows([key], by))
    if (!taken) return await insist((by) => source.erase([{ ...key, dedupe: one.dedupe }], by))
  } else if (!same(one.message, other.message)) {
    const [ours, theirs] = [one.message.writeTimeMicros, other.message.writeTimeMicros]
    if (ours > theirs) await put(target, one)
    else if (theirs > ours) await put(source, other, PRESENT)
    else {
      // Two processes in one microsecond: neither is the newer, so the one that is read becomes it.
      const settled = { ...one, message: { ...one.message, writeTimeMicros: ours + 1n } }
      await put(target, settled)
      await put(source, settled, PRESENT)
    }
  }
  await repairReactions({ source, target }, divergence)
}

async function repairReactions(
  { source, target }: Ends,
  { sourceReactions, targetReactions }: Divergence,
): Promise<void> {
  const ours = new Set(sourceReactions.map(reactionKey))
  await putReactions(target, sourceReactions)
  const newer = targetReactions.filter((reaction) => ours.has(reactionKey(reaction)))
  await putReactions(source, newer, PRESENT)
  // As it is now, and not as it was when all of these were compared: whoever took one back may have
  // given it again.
  const only = targetReactions.filter((reaction) => !ours.has(reactionKey(reaction)))
  for (const one of only)
    await insist((by) => mirrorReaction({ from: source, to: target }, one, true, by))
}

const byId = (rows: readonly Row[]): Map<string, Row> =>
  new Map(rows.map((row) => [row.message.id, row]))
const byMessage = (reactions: readonly Reaction[]): Map<string, Reaction[]> =>
  Map.groupBy(reactions, ({ messageId }) => messageId)

function without(some: readonly Reaction[], others: readonly Reaction[]): Reaction[] {
  const times = new Map(others.map((other) => [reactionKey(other), other.writeTimeMicros]))
  return some.filter((one) => times.get(reactionKey(one)) !== one.writeTimeMicros)
}
