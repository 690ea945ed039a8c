import { stderr } from 'node:process'
import type { TestProject } from 'vitest/node'
import { startEngineHost } from './host.ts'

/**
 * Named in the root vitest.config.ts. What it starts ends with the run; what a killed run leaves,
 * the next one's sweep ends.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let last = ''
  const host = await startEngineHost(({ text }) => {
    // A first run may install something: silence would look like a hang.
    if (text !== last) stderr.write(`engines: ${text}\n`)
    last = text
  })
  project.provide('thresholdEngineHost', host.url)
  return async () => await host[Symbol.asyncDispose]()
}
