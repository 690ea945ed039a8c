import type { Engine } from '../engine.ts'
import type { Container } from './container.ts'

type Controls = Pick<
  Engine,
  'pid' | 'state' | 'stop' | 'kill' | 'restart' | 'pause' | 'resume' | typeof Symbol.asyncDispose
>

/**
 * The controls that every database in a container shares. `waitForDatabase` resolves once the
 * database answers.
 */
export function containerControls(
  container: Container,
  waitForDatabase: () => Promise<void>,
): Controls {
  return {
    pid: undefined, // not visible from here: Docker owns the process
    state: () => container.state(),
    stop: () => container.stop(),
    kill: () => container.kill(),
    async restart() {
      await container.restart()
      await waitForDatabase()
    },
    pause: () => container.pause(),
    resume: () => container.resume(),
    [Symbol.asyncDispose]: () => container.stop(),
  }
}
