import type { Runtime } from '@threshold/kit'
import { Counter, Gauge } from 'prom-client'
import { type Admission, createAdmission } from './admission.ts'

/**
 * Requests that use the store at once at the most, reads and writes each: enough for a store that
 * writes its log for many at once. MongoDB's pool has 40 connections, so that each operation waits
 * there for the time of a few at the most.
 */
const MOST = 64
/** How often a stage that sheds says so in its log. */
const LOG_EVERY_MS = 10_000

/** One admission for reads and one for writes, counted. */
export function admissions(
  { budgetMs }: { readonly budgetMs: number },
  runtime: Runtime,
): { reads: Admission; writes: Admission } {
  const registers = [runtime.telemetry.registry]
  const shed = new Counter({
    name: 'threshold_requests_shed_total',
    help: 'Requests answered 503 before they cost the store anything, since they would have come too late.',
    labelNames: ['kind'],
    registers,
  })
  let saidAt = Number.NEGATIVE_INFINITY
  const lane = (kind: 'read' | 'write'): Admission => {
    const admission = createAdmission({ most: MOST, budgetMs }, runtime.clock, () => {
      shed.inc({ kind })
      if (performance.now() - saidAt < LOG_EVERY_MS) return
      saidAt = performance.now()
      runtime.log.warn(
        { kind, ...admission.load },
        'overloaded: the store answers too slowly, and late requests are answered 503',
      )
    })
    return admission
  }
  const lanes = { reads: lane('read'), writes: lane('write') }
  const load = new Gauge({
    name: 'threshold_requests_admitted',
    help: 'Requests that use the store, that wait for it, and that may use it at once.',
    labelNames: ['kind', 'state'],
    registers,
    collect() {
      for (const [kind, { load: now }] of [
        ['read', lanes.reads],
        ['write', lanes.writes],
      ] as const)
        for (const [state, count] of Object.entries(now)) load.set({ kind, state }, count)
    },
  })
  return lanes
}
