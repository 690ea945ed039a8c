import type { OnProgress } from '@threshold/engines'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Capability } from '../external/case.ts'
import { LIBRARIES, type Library } from './libraries.ts'
import { type ClientRun, runClient } from './run.ts'
import { STEPS } from './scenario.ts'

export interface ClientsOptions {
  /** Called when the cases run, so that a stage may be started in `beforeAll`. */
  readonly baseUrl: () => string
  readonly capabilities?: readonly Capability[]
  /** Installing or building a library says how far it is. */
  readonly onProgress?: OnProgress
}

const STEP_MS = 180_000
/** A build of a client's from nothing, beside other tests. */
const PREPARED_WITHIN_MS = 600_000

/** The ids of all cases here: `clients.discordjs.edit`. */
export const clientCases: readonly string[] = LIBRARIES.flatMap((library) =>
  STEPS.map((step) => caseId(library, step.id)),
)

function caseId(library: Library, step: string): string {
  return `clients.${library.id}.${step}`
}

/**
 * Unmodified client libraries drive a stage. All of them start at once, each in a process of its
 * own and with people and a guild of its own; the cases then wait for what the processes report.
 */
export function testClients(name: string, options: ClientsOptions): void {
  const { baseUrl, capabilities = [], onProgress = () => {} } = options
  describe(`${name} and unmodified clients`, { timeout: STEP_MS }, () => {
    const runs = new Map<Library, Promise<ClientRun>>()

    beforeAll(async () => {
      const preparing: [Library, ReturnType<Library['prepare']>][] = []
      for (const library of LIBRARIES)
        if (!(await library.missing())) preparing.push([library, library.prepare(onProgress)])
      // All of them before any plays: what is installed or built for one takes cores and disk, and
      // the others keep time meanwhile.
      await Promise.allSettled(preparing.map(([, prepared]) => prepared))
      for (const [library, prepared] of preparing) {
        const run = prepared.then((client) =>
          runClient(client, { baseUrl: baseUrl(), resume: capabilities.includes('resume') }),
        )
        run.catch(() => {}) // told by its cases
        runs.set(library, run)
      }
    }, PREPARED_WITHIN_MS)
    afterAll(async () => {
      for (const run of await Promise.allSettled(runs.values())) {
        if (run.status === 'fulfilled') await run.value[Symbol.asyncDispose]()
      }
    }, STEP_MS)

    for (const library of LIBRARIES) {
      describe(library.name, async () => {
        const missing = await library.missing()
        for (const { id, says } of STEPS) {
          const title = `${caseId(library, id)}: ${says}`
          if (missing) it.skip(`NOT RUN, ${missing.why}; ${missing.next} (${title})`, () => {})
          else it(title, async () => await (await runs.get(library)!).step(id))
        }
      })
    }
  })
}
