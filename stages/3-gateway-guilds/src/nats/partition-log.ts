import { randomUUID } from 'node:crypto'
import { DiscardPolicy, JetStreamApiError } from '@nats-io/jetstream'
import {
  CodedError,
  decodeJson,
  encodeJson,
  messageOf,
  type Runtime,
  unavailable,
} from '@threshold/kit'
import pRetry, { AbortError } from 'p-retry'
import { z } from 'zod'
import { JETSTREAM_TIMEOUT_MS, type Nats, untilAnswered } from './connect.ts'
import type { Lease } from './leases.ts'
import { PARTITIONS } from './partitions.ts'

const STREAM = 'LOG'
const subjectOf = (partition: number): string => `log.${partition}`

/** Longer than sessions live and than retries come. */
export const MAX_AGE_MS = 10 * 60_000
const MAX_BYTES = 256 * 2 ** 20
/**
 * One write carries records of up to this size, so that it stays far below NATS's limit of 4 MB.
 */
const MAX_WRITE_BYTES = 2 ** 20
/** NATS refuses a larger message than 4 MB. */
export const MAX_RECORD_BYTES = 3 * 2 ** 20
const WRONG_SEQUENCE = 10_071
const NO_MESSAGE = 10_037

/** One message of the stream: the records of one write, or none for a fence. */
const entrySchema = z.object({
  v: z.literal(1),
  epoch: z.number(),
  /** Identifies the write, so that its writer recognises it after a lost acknowledgement. */
  writeId: z.string(),
  records: z.array(z.unknown()),
})
type Entry = z.output<typeof entrySchema>

/**
 * The durable log of one partition, as its owner sees it. It orders the acknowledged events of the
 * partition's guilds and users, and it decides who the owner is: each write names the last sequence
 * of the subject, so NATS refuses the write of a former owner, however late it comes.
 */
export interface PartitionLog {
  readonly epoch: number
  /**
   * Resolves once JetStream has the record. Calls resolve in their order. Rejects with
   * `UNAVAILABLE` if it may not be stored; the log then accepts nothing more, and the caller must
   * give the partition up.
   */
  append(record: unknown): Promise<void>
  /** Resolves when all records so far are stored. */
  flushed(): Promise<void>
  /** Whether a record may not be stored. The partition is then lost for this owner. */
  readonly broken: boolean
}

export interface OpenedLog {
  readonly log: PartitionLog
  /** The records of earlier owners that the stream still has, oldest first. */
  readonly history: readonly { readonly epoch: number; readonly record: unknown }[]
}

/** Creates the stream of all partitions if there is none. */
export async function ensureLogStream({ manager, replicas }: Nats): Promise<void> {
  const stream = {
    name: STREAM,
    subjects: [`${STREAM.toLowerCase()}.*`],
    num_replicas: replicas,
    max_age: MAX_AGE_MS * 1_000_000,
    max_bytes: MAX_BYTES,
    discard: DiscardPolicy.Old,
    allow_direct: false,
  }
  await untilAnswered(() => manager.streams.add(stream))
}

/**
 * Opens the log for a new owner. Its first write is a fence: from then on the writes of the owner
 * before are refused. Then it reads what the stream has of the partition. Rejects with
 * `UNAVAILABLE` if NATS does not answer or the lease ends.
 */
export async function openPartitionLog(
  nats: Nats,
  { partition, epoch, lease }: { partition: number; epoch: number; lease: Lease },
  { log: logger, clock }: Pick<Runtime, 'log' | 'clock'>,
): Promise<OpenedLog> {
  const subject = subjectOf(partition)
  const lastEntry = async (): Promise<{ sequence: number; entry: Entry | undefined }> => {
    const message = await nats.manager.streams
      .getMessage(STREAM, { last_by_subj: subject })
      .catch((error: unknown) => {
        if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return null
        throw error
      })
    return message === null
      ? { sequence: 0, entry: undefined }
      : { sequence: message.seq, entry: readEntry(message.data) }
  }

  /**
   * All entries of the subject are older than the stream keeps them. NATS then expects 0. No other
   * owner has written: it would have needed the lease that this one still has.
   */
  let isEmpty = false

  /** The sequence of the entry if it was stored. Undefined: it was not, and may still be. */
  async function outcomeOf(
    { writeId }: Entry,
    expected: number,
  ): Promise<number | 'taken' | undefined> {
    const last = await lastEntry()
    if (last.entry?.writeId === writeId) return last.sequence
    isEmpty = last.sequence === 0
    return isEmpty || last.sequence === expected ? undefined : 'taken'
  }

  /** Publishes an entry after `expected`. `taken`: another owner has written meanwhile. */
  async function write(entry: Entry, expected: number): Promise<number | 'taken'> {
    const payload = encodeJson(entry)
    return await pRetry(
      async (attempt) => {
        lease.limit({ at: clock.now() + JETSTREAM_TIMEOUT_MS })
        // An attempt without an answer may have been stored. The last entry tells.
        if (attempt > 1) {
          const outcome = await outcomeOf(entry, expected)
          if (outcome !== undefined) return outcome
        }
        try {
          const expect = { lastSubjectSequence: isEmpty ? 0 : expected }
          const { seq } = await nats.jetStream.publish(subject, payload, { expect })
          isEmpty = false
          return seq
        } catch (error) {
          if (!(error instanceof JetStreamApiError) || error.code !== WRONG_SEQUENCE) throw error
          const outcome = await outcomeOf(entry, expected)
          if (outcome !== undefined) return outcome
          throw error
        }
      },
      {
        retries: Number.POSITIVE_INFINITY,
        minTimeout: 20,
        maxTimeout: 200,
        signal: lease.ended,
        onFailedAttempt: ({ error }) => {
          if (lease.ended.aborted) throw new AbortError(error)
          logger.warn({ partition, err: messageOf(error) }, 'a write to the log; trying again')
        },
      },
    ).catch((error: unknown) => {
      throw unavailable(`the log of partition ${partition}`, error)
    })
  }

  async function fence(): Promise<number> {
    for (;;) {
      const { sequence } = await lastEntry()
      const written = await write({ v: 1, epoch, writeId: randomUUID(), records: [] }, sequence)
      // The owner before has written in between. Its record counts, and the fence goes after it.
      if (written !== 'taken') return written
      lease.limit({ at: clock.now() })
    }
  }

  const fencedAt = await fence()
  const history = await readHistory(nats, subject, fencedAt, lease)
  return { log: groupCommit({ partition, epoch, write, fencedAt }), history }
}

/** One write is under way at a time. The records that wait go with the next one together. */
function groupCommit({
  partition,
  epoch,
  write,
  fencedAt,
}: {
  readonly partition: number
  readonly epoch: number
  readonly write: (entry: Entry, expected: number) => Promise<number | 'taken'>
  readonly fencedAt: number
}): PartitionLog {
  interface Waiting extends PromiseWithResolvers<void> {
    readonly record: unknown
    readonly bytes: number
  }
  const waiting: Waiting[] = []
  let isWriting = false
  let lastSequence = fencedAt
  let broken: unknown
  let newest: Promise<void> = Promise.resolve()

  function take(): Waiting[] {
    let bytes = 0
    let count = 0
    for (const each of waiting) {
      bytes += each.bytes
      if (count > 0 && bytes > MAX_WRITE_BYTES) break
      count += 1
    }
    return waiting.splice(0, count)
  }

  async function writeAll(): Promise<void> {
    if (isWriting) return
    isWriting = true
    while (waiting.length > 0 && broken === undefined) {
      const batch = take()
      try {
        const records = batch.map(({ record }) => record)
        const written = await write({ v: 1, epoch, writeId: randomUUID(), records }, lastSequence)
        if (written === 'taken')
          throw unavailable(`partition ${partition}, which has another owner,`)
        lastSequence = written
        for (const { resolve } of batch) resolve()
      } catch (error) {
        broken = error
        for (const { reject } of [...batch, ...waiting.splice(0)]) reject(error)
      }
    }
    isWriting = false
  }

  return {
    epoch,
    get broken() {
      return broken !== undefined
    },
    append(record) {
      if (broken !== undefined) return Promise.reject(broken)
      const bytes = Buffer.byteLength(encodeJson(record))
      if (bytes > MAX_RECORD_BYTES)
        return Promise.reject(unavailable(`room in the log for ${bytes} bytes`))
      const added: Waiting = { record, bytes, ...Promise.withResolvers<void>() }
      waiting.push(added)
      newest = added.promise
      void writeAll()
      return added.promise
    },
    async flushed() {
      await newest
      if (broken !== undefined) throw broken
    },
  }
}

/** NATS forgets the consumer of a host that dies while it reads after so many milliseconds. */
const CONSUMER_TTL_MS = 5_000

/** Reads up to the fence, by a consumer that ends with the read. */
async function readHistory(
  { jetStream }: Nats,
  subject: string,
  fencedAt: number,
  lease: Lease,
): Promise<OpenedLog['history']> {
  const history: { epoch: number; record: unknown }[] = []
  // A consumer in memory is created in a fraction of the time, and it need not survive.
  const options = {
    filter_subjects: subject,
    inactive_threshold: CONSUMER_TTL_MS,
    mem_storage: true,
  }
  const consumer = await jetStream.consumers.get(STREAM, options)
  // NATS forgets the consumer when it restarts.
  const messages = await consumer.consume({ abort_on_missing_resource: true })
  const stop = (): void => void messages.close()
  lease.ended.addEventListener('abort', stop)
  let isComplete = false
  for await (const message of messages) {
    const entry = readEntry(message.data)
    if (!entry)
      throw new CodedError('BAD_LOG', `the log has an entry that this version cannot read`)
    for (const record of entry.records) history.push({ epoch: entry.epoch, record })
    isComplete = message.seq >= fencedAt
    if (isComplete) break
  }
  lease.ended.removeEventListener('abort', stop)
  if (!isComplete) throw unavailable(`the history of ${subject}`)
  await messages.close()
  // The server has a limit, and keeps a consumer for a while after the last read.
  await consumer.delete().catch(() => {})
  return history
}

function readEntry(bytes: Uint8Array): Entry | undefined {
  try {
    return entrySchema.parse(decodeJson(bytes))
  } catch {
    return undefined
  }
}

/** All partitions, for those who claim them. */
export const allPartitions = (): number[] => Array.from({ length: PARTITIONS }, (_, p) => p)
