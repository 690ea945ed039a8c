import type { Runtime } from '@threshold/kit'
import { Counter, Gauge } from 'prom-client'
import { type Admission, createAdmission } from './admission.ts'

/**
 * The most reads, and the most writes, that use the store concurrently. It suffices for a store
 * that commits many writes at once. MongoDB's pool has 40 connections, so an operation waits there
 * for a few others at most.
 */
const MAX_CONCURRENT = 64
const LOG_INTERVAL_MS = 10_000

/** One admission for reads and one for writes, with their metrics. */
export function admissions(
  { budgetMs }: { readonly budgetMs: number },
  runtime: Runtime,
): { reads: Admission; writes: Admission } {
  const registers = [runtime.telemetry.registry]
  const shed = new Counter({
    name: 'threshold_requests_shed_total',
    help: 'Requests answered 503 before they cost the store anything, because they would be late.',
    labelNames: ['kind'],
    registers,
  })
  let loggedAt = Number.NEGATIVE_INFINITY
  const lane = (kind: 'read' | 'write'): Admission => {
    const admission = createAdmission(
      { maxConcurrent: MAX_CONCURRENT, budgetMs },
      runtime.clock,
      () => {
        shed.inc({ kind })
        if (performance.now() - loggedAt < LOG_INTERVAL_MS) return
        loggedAt = performance.now()
        runtime.log.warn(
          { kind, ...admission.load },
          'overloaded: the store answers too slowly, and late requests are answered 503',
        )
      },
    )
    return admission
  }
  const reads = lane('read')
  const writes = lane('write')
  const gauge = new Gauge({
    name: 'threshold_requests_admitted',
    help: 'Requests that use the store, that wait for it, and the limit of those that use it.',
    labelNames: ['kind', 'state'],
    registers,
    collect() {
      const setLoad = (kind: string, load: Admission['load']): void => {
        for (const [state, count] of Object.entries(load)) gauge.set({ kind, state }, count)
      }
      setLoad('read', reads.load)
      setLoad('write', writes.load)
    },
  })
  return { reads, writes }
}
