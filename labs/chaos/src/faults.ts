import { setTimeout as delay } from 'node:timers/promises'
import { type Random, randomBelow } from '@threshold/lab-kit'
import type { System } from './system.ts'

/** A fault. `run` injects it, and resolves once it is repaired. */
export interface Fault {
  readonly text: string
  run(): Promise<void>
}

/** Longer than the lease of a guild host, so that some of the paused ones lose it. */
const MAX_PAUSE_MS = 6_000
/** Longer than a lease, so that another process takes over. */
const MAX_DOWN_MS = 4_000
/** All roles depend on NATS, so all of them stall while it is down. */
const MAX_NATS_AWAY_MS = 3_000

interface Target {
  readonly name: string
  kill(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  restart(): Promise<void>
}

/** All faults that this system can have. `random` decides how long each lasts, when it is made. */
export function faultsOf({ stage, nats, proxies }: System): ((random: Random) => Fault)[] {
  const roles = stage.roles.flatMap((role) => [killed(role), paused(role), restarted(role)])
  const cuts = [...proxies].flatMap(([name, proxy]) => [
    away(`cut ${name} off NATS`, proxy.cut, proxy.heal),
    away(`drop all packets between ${name} and NATS`, proxy.silence, proxy.heal),
  ])
  const broker = nats && {
    name: 'NATS',
    kill: () => nats.kill(),
    pause: () => nats.pause(),
    resume: () => nats.resume(),
    restart: () => nats.restart(),
  }
  const brokers = broker ? [killed(broker, MAX_NATS_AWAY_MS), paused(broker, MAX_NATS_AWAY_MS)] : []
  return [...roles, ...cuts, ...brokers]
}

const away =
  (text: string, begin: () => void, end: () => void) =>
  (random: Random): Fault => {
    const ms = randomBelow(random, MAX_PAUSE_MS)
    return {
      text: `${text} for ${ms} ms`,
      async run() {
        begin()
        await delay(ms)
        end()
      },
    }
  }

const killed =
  (target: Target, maxMs = MAX_DOWN_MS) =>
  (random: Random): Fault => {
    const ms = randomBelow(random, maxMs)
    return {
      text: `kill ${target.name}, and start it again after ${ms} ms`,
      async run() {
        await target.kill()
        await delay(ms)
        await target.restart()
      },
    }
  }

const paused =
  (target: Target, maxMs = MAX_PAUSE_MS) =>
  (random: Random): Fault => {
    const ms = randomBelow(random, maxMs)
    return {
      text: `pause ${target.name} for ${ms} ms`,
      async run() {
        await target.pause()
        await delay(ms)
        await target.resume()
      },
    }
  }

const restarted = (target: Target) => (): Fault => ({
  text: `restart ${target.name} gracefully`,
  run: () => target.restart(),
})
