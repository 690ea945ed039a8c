import { stderr } from 'node:process'
import type { TestProject } from 'vitest/node'
import { startEngineHost } from './host.ts'

/**
 * Starts the engine host for a test run. The root vitest.config.ts names this file. The engines end
 * with the run; if the run is killed, a watcher or the next sweep ends them.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  let last = ''
  const host = await startEngineHost(({ text }) => {
    // A first run may install tools for minutes, and silence would look like a hang.
    if (text !== last) stderr.write(`engines: ${text}\n`)
    last = text
  })
  project.provide('thresholdEngineHost', host.url)
  return async () => await host[Symbol.asyncDispose]()
}
