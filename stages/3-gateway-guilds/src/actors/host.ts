import { randomUUID } from 'node:crypto'
import { deadlineAfter, messageOf, type Runtime, systemTimers } from '@threshold/kit'
import pLimit from 'p-limit'
import { z } from 'zod'
import { desiredOwners } from '../nats/assignment.ts'
import { claimBucket, claimSchema, createClaims } from '../nats/claims.ts'
import type { Nats } from '../nats/connect.ts'
import { createHubClient, moved } from '../nats/hub-client.ts'
import { keepLease, leaseBucket, watchBucket } from '../nats/leases.ts'
import { createLinkSender } from '../nats/link.ts'
import { allPartitions, ensureLogStream, openPartitionLog } from '../nats/partition-log.ts'
import { PARTITIONS } from '../nats/partitions.ts'
import { hubRequest } from '../wire/hub.ts'
import { AttachGate } from './attach-gate.ts'
import { startLoadMeter, WHOLE_SHARE } from './load.ts'
import { openPartition, type Partition, type PartitionDependencies } from './partition.ts'
import { createQuarantine } from './quarantine.ts'
import type { RunAs, Watchdog } from './watchdog.ts'

/** The lease of a guild host or a gateway, by which the others know it. */
export const leaseSchema = z.object({
  v: z.literal(1),
  role: z.enum(['guilds', 'gateway']),
  /** A guild host's share of the partitions. */
  weight: z.number().default(0),
  pinned: z.array(z.int()).default([]),
})

export const hostKey = (id: string): string => `guilds.${id}`
export const gatewayKey = (id: string): string => `gateway.${id}`
/** The id of a gateway from the key of its lease. Empty for another key. */
const gatewayOf = (key: string): string[] =>
  key.startsWith(gatewayKey('')) ? [key.slice(gatewayKey('').length)] : []

/**
 * Partitions that are claimed at a time. Each takes about six requests to NATS. All at once, on a
 * busy machine, they would delay the renewal of the lease under which they are claimed.
 */
const MAX_CONCURRENT_CLAIMS = 8
/** Partitions that are given up at a time, so that each is without an owner only for a moment. */
const MAX_CONCURRENT_RELEASES = 2
/** The next one is given up when another host serves the one before, or after this time. */
const SERVED_WITHIN_MS = 1_000
/** A host that ends gives the rest up all at once after this time. */
const HAND_OVER_WITHIN_MS = 2_000
/** How often ownership is looked at without any news. */
const BALANCE_EVERY_MS = 500
/** A new owner looks for guilds that must not wait for a request within this time. */
const LOAD_TIMEOUT_MS = 30_000
/** Longer than a request may take, so that no write of this host is under way after a release. */
const DRAIN_TIMEOUT_MS = 6_000

type HostPorts = Pick<
  PartitionDependencies,
  'metadata' | 'messages' | 'permissions' | 'memberList' | 'presenceDelayMs' | 'idleGuilds'
> & {
  /** How busy the event loop was since the last call, from 0 to 1. Default: this process's. */
  readonly utilization?: () => number
  /** Watches this process, which owns nothing else. Default: nothing does. */
  readonly watch?: (leaseKey: string) => Watchdog
}

/** A process that owns guilds and users. When it is disposed, other hosts take over all of them. */
export interface GuildHost extends AsyncDisposable {
  readonly id: string
  /** The partitions that it owns now. */
  owned(): number[]
}

interface Owned {
  readonly epoch: number
  readonly partition: Partition
  readonly serving: Disposable
}

/**
 * Owns a share of the partitions, as the leases of all hosts say. A partition comes by a claim and
 * a fence, and goes by draining it first: the same way for a start, a deploy, a crash and a move.
 */
export async function startGuildHost(
  nats: Nats,
  ports: HostPorts,
  runtime: Runtime,
): Promise<GuildHost> {
  const { log: logger } = runtime
  const timers = systemTimers
  const id = randomUUID()
  await using opening = new AsyncDisposableStack()
  await ensureLogStream(nats)
  const [leasesBucket, claimsBucket] = [await leaseBucket(nats), await claimBucket(nats)]
  const value = { v: 1, role: 'guilds', ...WHOLE_SHARE } as const
  const options = { bucket: leasesBucket, key: hostKey(id), value, timers }
  const watchdog = ports.watch && opening.use(ports.watch(options.key))
  const runAs: RunAs = watchdog?.runAs ?? ((_, work) => work())
  const leases = opening.use(await watchBucket(leasesBucket, leaseSchema, runtime))
  const claimed = opening.use(await watchBucket(claimsBucket, claimSchema, runtime))
  const claims = createClaims(claimsBucket)
  const quarantine = opening.use(await createQuarantine(nats, runtime))
  const { bus } = nats
  const isAlive = (host: string): boolean => leases.entries.has(hostKey(host))
  const hub = createHubClient(bus, claimed, isAlive, runtime)
  const link = opening.use(createLinkSender(nats.connection, bus, { host: id, timers }))
  const owned = new Map<number, Owned>()
  const oneOfFew = pLimit(MAX_CONCURRENT_RELEASES)
  const oneClaim = pLimit(MAX_CONCURRENT_CLAIMS)
  /** Partitions that are being claimed or released. */
  const moving = new Set<number>()
  let cancelTimer = (): void => {}
  let closing = false
  /** The time for giving up a few partitions at a time is over. */
  let hurried = false

  const gateways = (): string[] => [...leases.entries.keys()].flatMap(gatewayOf)
  const isGateway = (gateway: string): boolean => leases.entries.has(gatewayKey(gateway))
  const desired = (): (string | undefined)[] =>
    desiredOwners(
      [...leases.entries].flatMap(
        ([
          key,
          {
            value: { role, weight, pinned },
          },
        ]) => (role === 'guilds' ? [{ id: key.slice(hostKey('').length), weight, pinned }] : []),
      ),
    )

  /** No other living host owns the partition. */
  const isClaimable = (partition: number): boolean => {
    const owner = claimed.entries.get(String(partition))?.value.host
    return owner == null || owner === id || !isAlive(owner)
  }

  async function claim(partition: number): Promise<void> {
    // Its turn may come late, and another host may have been faster meanwhile.
    if (closing || desired()[partition] !== id || !isClaimable(partition)) return
    const lease = kept.current
    lease.ended.throwIfAborted()
    const epoch = await claims.claim(
      partition,
      id,
      claimed.entries.get(String(partition))?.revision ?? 0,
    )
    if (epoch === undefined) return
    const opened = await openPartitionLog(nats, { partition, epoch, lease }, runtime)
    const gate = new AttachGate(gateways())
    const shared = { runtime, timers, link, hub, quarantine, runAs, isGateway }
    const onDelivered = (sessions: number): void => load.count(partition, sessions)
    const dependencies = { ...ports, ...shared, lease, gate, onDelivered }
    const content = openPartition(partition, opened, dependencies)
    lease.ended.throwIfAborted()
    const serving = bus.serve(hubRequest(partition, id), ({ op, args }, deadline) =>
      content.handle(op, args, deadline).catch((error: unknown) => {
        if (!opened.log.broken) throw error
        // The log refuses what a former owner writes. There is nothing to save here.
        if (owned.get(partition)?.partition === content) lose(partition)
        throw moved()
      }),
    )
    owned.set(partition, { epoch, partition: content, serving })
    content.loadTemporary(deadlineAfter(LOAD_TIMEOUT_MS, runtime.clock)).catch((error: unknown) => {
      logger.warn({ partition, err: messageOf(error) }, 'guilds with temporary members')
    })
  }

  /** Stops at once: another host owns the partition, or may own it soon. */
  function lose(partition: number): void {
    const lost = owned.get(partition)
    owned.delete(partition)
    lost?.serving[Symbol.dispose]()
    lost?.partition.close()
  }

  async function release(partition: number): Promise<void> {
    const released = owned.get(partition)
    if (!released) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const cancel = timers.after(DRAIN_TIMEOUT_MS, resolve)
    // A log that is broken has nothing more to store.
    await Promise.race([released.partition.drain().catch(() => {}), promise])
    cancel()
    if (owned.get(partition) === released) lose(partition)
    await claims.release(partition, released.epoch)
    if (hurried || desired()[partition] === undefined) return
    const deadline = deadlineAfter(SERVED_WITHIN_MS, runtime.clock)
    await hub.requestOf(partition, 'ping', {}, deadline).catch(() => {})
  }

  function move(partition: number, work: (partition: number) => Promise<void>): void {
    moving.add(partition)
    work(partition)
      .then(balanceSoon, (error: unknown) =>
        logger.warn({ partition, err: messageOf(error) }, 'a partition did not move; trying again'),
      )
      .finally(() => moving.delete(partition))
  }

  function balance(): void {
    if (closing || kept.current.ended.aborted) return
    const owners = desired()
    for (const partition of allPartitions()) {
      if (moving.has(partition)) continue
      const { value, revision = 0 } = claimed.entries.get(String(partition)) ?? {}
      const owner = value?.host
      const shouldBeOurs = owners[partition] === id
      const held = owned.get(partition)
      if (held) {
        // A newer claim means that this host was thought dead.
        if (revision > held.epoch) lose(partition)
        else if (!shouldBeOurs && owners[partition] !== undefined)
          move(partition, (given) =>
            oneOfFew(async () => {
              // Its turn may come late, and the other host may have ended meanwhile.
              if (desired()[given] !== id) await release(given)
            }),
          )
      } else if (shouldBeOurs && isClaimable(partition))
        move(partition, (free) => oneClaim(claim, free))
      // A release did not reach NATS, or the partition was lost in another way.
      else if (owner === id && owners[partition] !== undefined)
        move(partition, () => claims.release(partition, revision))
    }
    cancelTimer()
    cancelTimer = timers.after(BALANCE_EVERY_MS, balance)
  }
  let soon = false
  function balanceSoon(): void {
    if (soon) return
    soon = true
    setImmediate(() => {
      soon = false
      balance()
    })
  }

  // Partitions are lost with the lease under which they were claimed. The next one begins anew.
  const kept = opening.use(
    await keepLease(options, runtime, (lease) => {
      lease.ended.addEventListener('abort', () => {
        for (const partition of [...owned.keys()]) lose(partition)
      })
      balanceSoon()
    }),
  )
  const load = opening.use(
    startLoadMeter(
      timers,
      (share) => {
        logger.info(share, 'the load has changed the share of this host')
        kept.setValue({ ...value, ...share })
      },
      ports.utilization,
    ),
  )
  leases.onChange((key) => {
    for (const gateway of leases.entries.has(key) ? [] : gatewayOf(key)) {
      link.close(gateway)
      for (const { partition } of owned.values()) partition.gatewayGone(gateway)
    }
    balanceSoon()
  })
  claimed.onChange(balanceSoon)

  const opened = opening.move()
  return {
    id,
    owned: () => [...owned.keys()],
    async [Symbol.asyncDispose]() {
      closing = true
      cancelTimer()
      load[Symbol.dispose]()
      kept.setValue({ ...value, weight: 0, pinned: [] })
      const cancelHurry = timers.after(HAND_OVER_WITHIN_MS, () => {
        hurried = true
        oneOfFew.concurrency = PARTITIONS
      })
      await Promise.allSettled([...owned.keys()].map((partition) => oneOfFew(release, partition)))
      cancelHurry()
      await opened.disposeAsync()
    },
  }
}
