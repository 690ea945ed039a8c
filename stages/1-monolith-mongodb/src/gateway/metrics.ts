import type { Runtime } from '@threshold/kit'
import { Counter, Gauge } from 'prom-client'

export interface GatewayMetrics {
  /** A payload was given to the transport, which may still drop it. */
  frame(): void
  /** A socket was dropped because it read too slowly. */
  slow(): void
  closed(code: number): void
}

export function createMetrics(
  { telemetry: { registry } }: Pick<Runtime, 'telemetry'>,
  connections: ReadonlySet<unknown>,
): GatewayMetrics {
  new Gauge({
    name: 'threshold_gateway_sessions',
    help: 'Open gateway sockets, also those without a session.',
    registers: [registry],
    collect() {
      this.set(connections.size)
    },
  })
  // A plain number, copied to the counter at each scrape. It changes once for each socket that an
  // event goes to, and `Counter.inc` would be a large part of that work.
  let frames = 0
  new Counter({
    name: 'threshold_gateway_frames_total',
    help: 'Payloads handed to gateway sockets.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(frames)
    },
  })
  const slow = new Counter({
    name: 'threshold_gateway_slow_readers_total',
    help: 'Sockets dropped because they read too slowly.',
    registers: [registry],
  })
  const closes = new Counter({
    name: 'threshold_gateway_closes_total',
    help: 'Sockets closed, by code.',
    labelNames: ['code'],
    registers: [registry],
  })
  return {
    frame: () => {
      frames += 1
    },
    slow: () => slow.inc(),
    closed: (code) => closes.inc({ code: String(code) }),
  }
}
