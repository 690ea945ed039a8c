/**
 * What a fault may be done to: the stage, its MongoDB, its Cassandra. An engine that is not ours
 * cannot be touched; a lab that needs to could not run.
 */
export type FaultTarget = 'stage' | 'engine' | 'cassandra'

/** Something done to the system while people use it, as plain data. */
export type FaultAction =
  | { readonly kind: 'kill' | 'pause' | 'resume' | 'restart'; readonly target: FaultTarget }
  /** Somebody with this name joins the first guild and mentions one of its members. */
  | { readonly kind: 'mention'; readonly displayName: string }

export interface Fault {
  /** Seconds after the measured load began. */
  readonly second: number
  readonly action: FaultAction
}

export const at = (when: { readonly second: number }, action: FaultAction): Fault => ({
  second: when.second,
  action,
})

/** SIGKILL: what a power cut or the kernel's out-of-memory killer does. */
export const kill = (target: FaultTarget): FaultAction => ({ kind: 'kill', target })

/**
 * SIGSTOP: neither answers nor closes its connections, as a hung machine. It stays so until
 * resumed, or the visit ends.
 */
export const pause = (target: FaultTarget): FaultAction => ({ kind: 'pause', target })

export const resume = (target: FaultTarget): FaultAction => ({ kind: 'resume', target })

/** The stage asked to end (SIGTERM), or the engine killed; then started again on the same port. */
export const restart = (target: FaultTarget): FaultAction => ({ kind: 'restart', target })

export const mention = (input: { readonly displayName: string }): FaultAction => ({
  kind: 'mention',
  displayName: input.displayName,
})

export function describeFault({ second, action }: Fault): string {
  const what =
    action.kind === 'mention'
      ? `somebody called ${JSON.stringify(action.displayName)} mentions a member`
      : `${action.kind} the ${action.target}`
  return `after ${second} s: ${what}`
}
