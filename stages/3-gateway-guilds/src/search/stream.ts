import { DiscardPolicy } from '@nats-io/jetstream'
import { decodeJson, type Runtime } from '@threshold/kit'
import { type Nats, untilAnswered } from '../nats/connect.ts'
import { type SearchEntry, searchEntrySchema } from '../wire/search.ts'

export const STREAM = 'SEARCH'
export const SUBJECT = 'search.write'
/** An index that is further behind than the stream reaches back is rebuilt from the stores. */
const MAX_AGE_MS = 24 * 3_600_000
const MAX_BYTES = 256 * 2 ** 20

/** Creates the stream of all changes of search indexes if there is none. */
export async function ensureSearchStream({ manager, replicas }: Nats): Promise<void> {
  const stream = {
    name: STREAM,
    subjects: [SUBJECT],
    num_replicas: replicas,
    max_age: MAX_AGE_MS * 1_000_000,
    max_bytes: MAX_BYTES,
    discard: DiscardPolicy.Old,
  }
  await untilAnswered(() => manager.streams.add(stream))
}

/** Undefined for an entry that this version cannot read. It would block all entries after it. */
export function readSearchEntry(
  data: Uint8Array,
  { log }: Pick<Runtime, 'log'>,
): SearchEntry | undefined {
  try {
    return searchEntrySchema.parse(decodeJson(data))
  } catch (err) {
    log.error({ err }, 'an entry of the search stream is skipped')
    return undefined
  }
}
