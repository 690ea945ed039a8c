import type { KV } from '@nats-io/kv'
import { CodedError, decodeJson, encodeJson, messageOf, type Runtime } from '@threshold/kit'
import { Gauge } from 'prom-client'
import { z } from 'zod'
import type { Nats } from '../nats/connect.ts'
import { type Watched, watchBucket } from '../nats/leases.ts'

/** A guild with this many failures within the time below is quarantined. */
const MAX_FAILURES = 3
const WITHIN_MS = 10_000
const RETRY_AFTER_MS = 30_000

const entrySchema = z.object({
  v: z.literal(1),
  reason: z.string(),
  /** Milliseconds since the Unix epoch. */
  at: z.number(),
})

/**
 * Guilds that no host serves, because they failed repeatedly, looped or leaked memory. A command
 * lifts it.
 */
export interface Quarantine extends AsyncDisposable {
  /** Throws `UNAVAILABLE`, with the time after which to try again, if the guild is quarantined. */
  check(guild: string): void
  /** Counts a failure of the guild's own code, and quarantines the guild at the third one. */
  failed(guild: string, reason: string): void
}

/** The bucket has no TTL: a quarantine outlives all hosts, and only a command ends it. */
export const quarantineBucket = (nats: Nats): Promise<KV> => nats.bucket('quarantine')

/** The quarantined guilds. */
export async function listQuarantine(
  bucket: KV,
): Promise<{ readonly guild: string; readonly reason: string; readonly at: number }[]> {
  const found: { guild: string; reason: string; at: number }[] = []
  for await (const guild of await bucket.keys()) {
    const entry = await bucket.get(guild)
    // It may have been released meanwhile.
    if (entry?.operation === 'PUT')
      found.push({ guild, ...entrySchema.parse(decodeJson(entry.value)) })
  }
  return found
}

export async function createQuarantine(
  nats: Nats,
  { clock, log, telemetry }: Pick<Runtime, 'clock' | 'log' | 'telemetry'>,
): Promise<Quarantine> {
  const bucket = await quarantineBucket(nats)
  const watched: Watched<z.output<typeof entrySchema>> = await watchBucket(bucket, entrySchema, {
    log,
  })
  const failures = new Map<string, number[]>()
  /** Quarantined by this host, and not yet seen in the bucket. */
  const own = new Set<string>()
  watched.onChange((key) => {
    own.delete(key)
    failures.delete(key)
  })
  new Gauge({
    name: 'threshold_quarantined_guilds',
    help: 'Guilds that are not served because they failed, looped or leaked memory.',
    registers: [telemetry.registry],
    collect() {
      this.set(watched.entries.size)
    },
  })

  function add(guild: string, reason: string): void {
    own.add(guild)
    log.error({ guild, reason }, 'the guild is quarantined')
    const entry = encodeJson({ v: 1, reason, at: clock.now() })
    bucket.put(guild, entry).catch((error: unknown) => {
      own.delete(guild)
      log.warn({ guild, err: messageOf(error) }, 'the quarantine was not stored')
    })
  }

  return {
    check(guild) {
      if (own.has(guild) || watched.entries.has(guild))
        throw new CodedError(
          'UNAVAILABLE',
          'the guild is quarantined, since it failed, looped or leaked memory',
          {
            retryAfterMs: RETRY_AFTER_MS,
          },
        )
    },
    failed(guild, reason) {
      const now = clock.now()
      const recent = [...(failures.get(guild) ?? []).filter((at) => now - at < WITHIN_MS), now]
      failures.set(guild, recent)
      if (recent.length >= MAX_FAILURES) add(guild, reason)
    },
    [Symbol.asyncDispose]: () => watched[Symbol.asyncDispose](),
  }
}
