import { CodedError } from '@threshold/kit/errors'
import type { Engine } from './engine.ts'

interface ExternalControls extends Omit<Engine, 'kind' | 'label' | 'uri'> {
  scale(): Promise<never>
}

/**
 * The controls of an engine that Threshold did not start. `stop` leaves it running; all others
 * throw ENGINE_NOT_OURS. `variable` is the one that names the engine.
 */
export function externalControls(variable: string): ExternalControls {
  const notOurs = (action: string): CodedError =>
    new CodedError(
      'ENGINE_NOT_OURS',
      `an external engine cannot be ${action}: Threshold did not start it`,
      { next: `unset ${variable}, or choose --engine docker or --engine native` },
    )
  const refuse = (action: string) => async (): Promise<never> => {
    throw notOurs(action)
  }
  const stop = async (): Promise<void> => {}
  return {
    pid: undefined,
    state: () => 'running',
    stop,
    kill: refuse('killed'),
    restart: refuse('restarted'),
    pause: refuse('paused'),
    resume: refuse('resumed'),
    limits() {
      throw notOurs('limited')
    },
    scale: refuse('scaled'),
    [Symbol.asyncDispose]: stop,
  }
}
