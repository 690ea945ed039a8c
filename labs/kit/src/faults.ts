/**
 * What a fault may be done to: the stage, its MongoDB, its Cassandra. An engine that is not ours
 * cannot be touched; a lab that needs to could not run.
 */
export type Target = 'stage' | 'engine' | 'cassandra'

/** Something done to the system while people use it, as plain data. */
export type Action =
  | { readonly kind: 'kill' | 'pause' | 'resume' | 'restart'; readonly target: Target }
  /** Somebody with this name joins the first guild and mentions one of its members. */
  | { readonly kind: 'mention'; readonly displayName: string }

export interface Fault {
  /** Seconds after the measured load began. */
  readonly second: number
  readonly action: Action
}

export const at = (when: { readonly second: number }, action: Action): Fault => ({
  second: when.second,
  action,
})

/** SIGKILL: what a power cut or the kernel's out-of-memory killer does. */
export const kill = (target: Target): Action => ({ kind: 'kill', target })

/**
 * SIGSTOP: neither answers nor closes its connections, as a hung machine. It stays so until
 * resumed, or the visit ends.
 */
export const pause = (target: Target): Action => ({ kind: 'pause', target })

export const resume = (target: Target): Action => ({ kind: 'resume', target })

/** The stage asked to end (SIGTERM), or the engine killed; then started again on the same port. */
export const restart = (target: Target): Action => ({ kind: 'restart', target })

export const mention = (input: { readonly displayName: string }): Action => ({
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
