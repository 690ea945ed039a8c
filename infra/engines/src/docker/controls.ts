import type { Engine } from '../engine.ts'
import type { Container } from './container.ts'

type Controls = Pick<
  Engine,
  'pid' | 'state' | 'stop' | 'kill' | 'restart' | 'pause' | 'resume' | typeof Symbol.asyncDispose
>

/**
 * The part of an engine that is the same for every database in a container. `answers` returns once
 * it serves.
 */
export function containerControls(container: Container, answers: () => Promise<void>): Controls {
  return {
    pid: undefined, // the process belongs to Docker
    state: () => container.state(),
    stop: () => container.stop(),
    kill: () => container.kill(),
    async restart() {
      await container.restart()
      await answers()
    },
    pause: () => container.pause(),
    resume: () => container.resume(),
    [Symbol.asyncDispose]: () => container.stop(),
  }
}
