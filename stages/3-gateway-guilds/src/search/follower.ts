import { setTimeout as delay } from 'node:timers/promises'
import { DeliverPolicy, type JsMsg } from '@nats-io/jetstream'
import { type Deadline, messageOf, type Runtime, withDeadline } from '@threshold/kit'
import type { Nats } from '../nats/connect.ts'
import { ensureSearchStream, readSearchEntry, STREAM } from './stream.ts'
import type { IndexProgress, StreamIndex } from './stream-index.ts'

/** Entries that are applied in one transaction, and that NATS sends ahead. */
const MAX_BATCH = 256
const REOPEN_MS = 100

export interface SearchFollower extends AsyncDisposable {
  /** Resolves once the index has what the stream had at the start. */
  readonly caughtUp: Promise<void>
  /**
   * Resolves once the index has applied the entries up to a sequence. Rejects with
   * `DEADLINE_EXCEEDED`.
   */
  applied(sequence: number, deadline: Deadline): Promise<void>
}

/**
 * Applies the stream to an index, in order and from the index's own position. The position is saved
 * with the changes, so that a process that is killed goes on after the last one. If the stream no
 * longer has the next entry, the index is reset. `onChange` is called after each step.
 */
export async function followSearchStream(
  nats: Nats,
  index: Pick<StreamIndex, 'progress' | 'apply' | 'reset'>,
  onChange: () => void,
  { log }: Pick<Runtime, 'log'>,
): Promise<SearchFollower> {
  const stop = new AbortController()
  const waiting = new Set<{ readonly sequence: number; readonly resolve: () => void }>()
  let close = (): void => {}

  function changed(): void {
    for (const each of waiting) {
      if (each.sequence > index.progress.position) continue
      waiting.delete(each)
      each.resolve()
    }
    onChange()
  }

  async function apply(batch: readonly JsMsg[]): Promise<void> {
    const entries = batch.flatMap(({ data }) => readSearchEntry(data, { log }) ?? [])
    await index.apply(entries, batch.at(-1)!.seq)
    changed()
  }

  /**
   * Resets the index unless the stream has the entry after its position. Resolves to the stream's
   * last sequence.
   */
  async function resume(): Promise<number> {
    await ensureSearchStream(nats)
    const { created, state } = await nats.manager.streams.info(STREAM)
    if (!isContinuous(index.progress, created, state)) {
      log.info({ position: index.progress.position, state }, 'the search index is to be rebuilt')
      // A stream that never had an entry has a first sequence of 0.
      await index.reset(created, Math.max(0, state.first_seq - 1))
      changed()
    }
    return state.last_seq
  }

  /** Returns when the read has to begin again, at the index's position. */
  async function read(): Promise<void> {
    await resume()
    // NATS keeps this consumer in memory, for this process alone.
    const consumer = await nats.jetStream.consumers.get(STREAM, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: index.progress.position + 1,
    })
    const options = { max_messages: MAX_BATCH, abort_on_missing_resource: true }
    const messages = await consumer.consume(options)
    close = () => void messages.close()
    if (stop.signal.aborted) close()
    try {
      let batch: JsMsg[] = []
      for await (const message of messages) {
        const next = index.progress.position + batch.length + 1
        if (message.seq < next) continue
        if (message.seq > next) {
          // The entries in between expired before they were delivered.
          if (batch.length > 0) await apply(batch)
          batch = []
          await index.reset(index.progress.stream, message.seq - 1)
        }
        batch.push(message)
        if (message.info.pending > 0 && batch.length < MAX_BATCH) continue
        await apply(batch)
        batch = []
      }
    } finally {
      await messages.close()
      await consumer.delete().catch(() => {})
    }
  }

  function wait(sequence: number): { readonly promise: Promise<void>; cancel(): void } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const entry = { sequence, resolve }
    if (sequence <= index.progress.position) resolve()
    else waiting.add(entry)
    return { promise, cancel: () => void waiting.delete(entry) }
  }

  const { promise: caughtUp } = wait(await resume())
  // A consumer in memory does not survive a restart of NATS.
  nats.onReconnect(() => close())
  const following = (async () => {
    while (!stop.signal.aborted) {
      await read().catch((error: unknown) =>
        log.warn({ err: messageOf(error) }, 'the search index does not follow; trying again'),
      )
      await delay(REOPEN_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
  })()

  return {
    caughtUp,
    async applied(sequence, deadline) {
      const { promise, cancel } = wait(sequence)
      await withDeadline(deadline, 'search', promise).finally(cancel)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      close()
      await following
    },
  }
}

function isContinuous(
  { stream, position }: IndexProgress,
  created: string,
  { first_seq, last_seq }: { readonly first_seq: number; readonly last_seq: number },
): boolean {
  return stream === created && position >= first_seq - 1 && position <= last_seq
}
