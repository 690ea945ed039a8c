import { afterAll, describe, expect, it } from 'vitest'
import type { Capability, Published } from './case.ts'
import { allCases } from './cases/index.ts'
import { CASE_TIMEOUT_MS, failureOf, runCase } from './runner.ts'
import { SCHEMA_NAMES } from './schema/validate.ts'

export interface ConformanceOptions {
  /** Called when the cases run, so that `beforeAll` may start the stage. */
  readonly baseUrl: () => string
  readonly capabilities?: readonly Capability[]
  readonly heartbeatMs?: number
  readonly sessionMs?: number
  /** Case ids and why this stage cannot pass them. A skipped case that passes fails the suite. */
  readonly skip?: Readonly<Record<string, string>>
  /** The same stage with a REST limit that a few requests exceed. */
  readonly limitedUrl?: () => string
  /** The same stage with provisioning off. */
  readonly closedUrl?: () => string
  /** The same stage with a public URL. */
  readonly published?: () => Published
}

/** Registers the whole contract as tests of one stage, a test for each case. */
export function testConformance(name: string, options: ConformanceOptions): void {
  const { skip = {} } = options
  const unknown = Object.keys(skip).filter((id) => !allCases.some((each) => each.id === id))
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}`)

  describe.concurrent(`${name} conforms to the contract`, {
    timeout: CASE_TIMEOUT_MS + 5_000,
  }, () => {
    let completed = 0
    const covered = new Set<string>()
    afterAll(() => {
      // A filtered run covers only some schemas.
      if (completed < allCases.length) return
      const expected = options.capabilities?.includes('resume') ? [] : ['RESUMED']
      const uncovered = SCHEMA_NAMES.filter((schema) => !covered.has(schema))
      expect(uncovered, 'routes and dispatches whose schema no case checks').toEqual(expected)
    })

    for (const testCase of allCases) {
      const skipReason = skip[testCase.id]
      const suffix = skipReason === undefined ? '' : ` (skipped: ${skipReason})`
      it(`${testCase.id}: ${testCase.title}${suffix}`, async () => {
        const outcome = await runCase(testCase, {
          baseUrl: options.baseUrl(),
          capabilities: new Set(options.capabilities),
          covered,
          ...(options.heartbeatMs === undefined ? {} : { heartbeatMs: options.heartbeatMs }),
          ...(options.sessionMs === undefined ? {} : { sessionMs: options.sessionMs }),
          ...(options.limitedUrl === undefined ? {} : { limitedUrl: options.limitedUrl() }),
          ...(options.closedUrl === undefined ? {} : { closedUrl: options.closedUrl() }),
          ...(options.published === undefined ? {} : { published: options.published() }),
        })
        completed += 1
        const failure = failureOf(testCase, outcome, skipReason)
        if (failure !== undefined)
          throw new Error(failure, outcome.kind === 'failed' ? { cause: outcome.error } : {})
      })
    }
  })
}
