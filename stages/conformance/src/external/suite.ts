import { afterAll, describe, expect, it } from 'vitest'
import type { Capability, Published } from './case.ts'
import { allCases } from './cases/index.ts'
import { CASE_MS, failureOf, runCase } from './runner.ts'
import { SCHEMA_NAMES } from './schema/validate.ts'

export interface ConformanceOptions {
  /** Called when the cases run, so that a stage may be started in `beforeAll`. */
  readonly baseUrl: () => string
  readonly capabilities?: readonly Capability[]
  readonly heartbeatMs?: number
  readonly sessionMs?: number
  /** Case ids and why this stage cannot pass them. A skipped case that would pass fails. */
  readonly skip?: Readonly<Record<string, string>>
  /** The same stage with a REST limit that a few requests reach. */
  readonly limitedUrl?: () => string
  /** The same stage with provisioning off. */
  readonly closedUrl?: () => string
  /** The same stage with a public URL. */
  readonly published?: () => Published
}

/** The whole contract, case by case, as tests of one stage. */
export function testConformance(name: string, options: ConformanceOptions): void {
  const { skip = {} } = options
  const unknown = Object.keys(skip).filter((id) => !allCases.some((one) => one.id === id))
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`)

  describe.concurrent(`${name} keeps the contract`, { timeout: CASE_MS + 5_000 }, () => {
    let tried = 0
    const seen = new Set<string>()
    // Only where all cases ran: a run of one case brings about little.
    afterAll(() => {
      if (tried < allCases.length) return
      const expected = options.capabilities?.includes('resume') ? [] : ['RESUMED']
      const unseen = SCHEMA_NAMES.filter((name) => !seen.has(name))
      expect(unseen, 'routes and dispatches that no case holds against their schema').toEqual(
        expected,
      )
    })

    for (const one of allCases) {
      const reason = skip[one.id]
      it(`${one.id}: ${one.title}${reason === undefined ? '' : ` (skipped: ${reason})`}`, async () => {
        const outcome = await runCase(one, {
          baseUrl: options.baseUrl(),
          capabilities: new Set(options.capabilities),
          covered: seen,
          ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
          ...(options.sessionMs === undefined ? {} : { sessionMs: options.sessionMs }),
          ...(options.limitedUrl === undefined ? {} : { limitedUrl: options.limitedUrl() }),
          ...(options.closedUrl === undefined ? {} : { closedUrl: options.closedUrl() }),
          ...(options.published === undefined ? {} : { published: options.published() }),
        })
        tried += 1
        const wrong = failureOf(one, outcome, reason)
        if (wrong !== undefined)
          throw new Error(wrong, outcome.kind === 'failed' ? { cause: outcome.error } : {})
      })
    }
  })
}
