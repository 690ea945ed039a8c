import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '@threshold/engines'

/** Milliseconds in which it runs and stands still, in turn: about a thirtieth of what the engine does otherwise. */
const RUNS_MS = 10
const STANDS_MS = 290

/** Lets an engine run for a moment at a time, as a disk or a processor that others keep busy would, until it is disposed of. */
export function slowed(engine: Pick<Engine, 'pause' | 'resume'>): AsyncDisposable {
  let ended = false
  const turns = async (): Promise<void> => {
    while (!ended) {
      await engine.pause()
      await delay(STANDS_MS)
      await engine.resume()
      await delay(RUNS_MS)
    }
  }
  const done = turns()
  return {
    async [Symbol.asyncDispose]() {
      ended = true
      await done
    },
  }
}
