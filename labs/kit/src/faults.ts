/**
 * The target of a fault: the stage, its MongoDB or its Cassandra. Faults on an engine that the lab
 * did not start are rejected before the load begins.
 */
export type FaultTarget = 'stage' | 'engine' | 'cassandra'

export type FaultAction =
  | { readonly kind: 'kill' | 'pause' | 'resume' | 'restart'; readonly target: FaultTarget }
  /** A new user with this name joins the first guild and mentions one of its members. */
  | { readonly kind: 'mention'; readonly displayName: string }

/** An action at a given second of the measured load. */
export interface Fault {
  readonly second: number
  readonly action: FaultAction
}

export const at = (when: { readonly second: number }, action: FaultAction): Fault => ({
  second: when.second,
  action,
})

/** Sends SIGKILL, as the kernel's out-of-memory killer does. */
export const kill = (target: FaultTarget): FaultAction => ({ kind: 'kill', target })

/**
 * Sends SIGSTOP. The process neither answers nor closes its connections, like a machine that hangs.
 * It continues when it is resumed, or when the trial ends.
 */
export const pause = (target: FaultTarget): FaultAction => ({ kind: 'pause', target })

export const resume = (target: FaultTarget): FaultAction => ({ kind: 'resume', target })

/** Stops the stage with SIGTERM, or kills the engine, and starts it again on the same port. */
export const restart = (target: FaultTarget): FaultAction => ({ kind: 'restart', target })

export const mention = (input: { readonly displayName: string }): FaultAction => ({
  kind: 'mention',
  displayName: input.displayName,
})

export function describeFault({ second, action }: Fault): string {
  const text =
    action.kind === 'mention'
      ? `a user named ${JSON.stringify(action.displayName)} mentions a member`
      : `${action.kind} the ${action.target}`
  return `after ${second} s: ${text}`
}
