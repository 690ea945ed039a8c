import type { OnProgress } from '@threshold/engines'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { Capability } from '../external/case.ts'
import { LIBRARIES, type Library } from './libraries.ts'
import { type ClientRun, runClient } from './run.ts'
import { STEPS } from './scenario.ts'

export interface ClientsOptions {
  /** Called when the cases run, so that `beforeAll` may start the stage. */
  readonly baseUrl: () => string
  readonly capabilities?: readonly Capability[]
  /** Reports the installation or build of a library. */
  readonly onProgress?: OnProgress
}

const STEP_MS = 180_000
/** Long enough to build a client from scratch beside other tests. */
const PREPARE_MS = 600_000

/** The ids of all cases here: `clients.discordjs.edit`. */
export const clientCases: readonly string[] = LIBRARIES.flatMap((library) =>
  STEPS.map((step) => caseId(library, step.id)),
)

function caseId(library: Library, step: string): string {
  return `clients.${library.id}.${step}`
}

/**
 * Tests a stage with unmodified client libraries. All of them start at once, each in its own
 * process with its own users and guild. The cases wait for the reports of the processes.
 */
export function testClients(name: string, options: ClientsOptions): void {
  const { baseUrl, capabilities = [], onProgress = () => {} } = options
  describe(`${name} and unmodified clients`, { timeout: STEP_MS }, () => {
    const runs = new Map<Library, Promise<ClientRun>>()

    beforeAll(async () => {
      const preparing: [Library, ReturnType<Library['prepare']>][] = []
      for (const library of LIBRARIES)
        if (!(await library.missing())) preparing.push([library, library.prepare(onProgress)])
      // Prepares all of them before one starts: an installation takes cores and disk, and the
      // steps of the others would time out.
      await Promise.allSettled(preparing.map(([, prepared]) => prepared))
      for (const [library, prepared] of preparing) {
        const run = prepared.then((client) =>
          runClient(client, { baseUrl: baseUrl(), resume: capabilities.includes('resume') }),
        )
        run.catch(() => {}) // its cases report the error
        runs.set(library, run)
      }
    }, PREPARE_MS)
    afterAll(async () => {
      for (const run of await Promise.allSettled(runs.values())) {
        if (run.status === 'fulfilled') await run.value[Symbol.asyncDispose]()
      }
    }, STEP_MS)

    for (const library of LIBRARIES) {
      describe(library.name, async () => {
        const missing = await library.missing()
        for (const { id, description } of STEPS) {
          const title = `${caseId(library, id)}: ${description}`
          if (missing) it.skip(`NOT RUN, ${missing.why}; ${missing.next} (${title})`, () => {})
          else it(title, async () => await (await runs.get(library)!).step(id))
        }
      })
    }
  })
}
