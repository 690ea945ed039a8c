import type { SentenceId } from './contract/index.ts'
import type { Fixture } from './fixture.ts'

/**
 * One promise of the contract, checked from outside the stage. Cases are data: the test runner, the
 * command line and the contract's page share one list.
 */
export interface Case {
  /** Stable: skips and stage.json refer to it. */
  readonly id: string
  /** One sentence in the present tense. */
  readonly title: string
  /** The contract's sentences that this case tests, at least one. */
  readonly covers: readonly [SentenceId, ...SentenceId[]]
  run(fixture: Fixture): Promise<void>
}

/** A feature that only some stages have. */
export type Capability = 'resume'

/** The stage under test. Only the address is required. Each other field lets more cases run. */
export interface Target {
  readonly baseUrl: string
  readonly capabilities: ReadonlySet<Capability>
  /** The interval that HELLO must announce, in milliseconds. */
  readonly heartbeatMs?: number
  /** How long the stage keeps an abandoned session, in milliseconds, if a case can wait for it. */
  readonly sessionMs?: number
  /** The same stage started with a REST limit that a few requests exceed. */
  readonly limitedUrl?: string
  /** The same stage started with provisioning off. */
  readonly closedUrl?: string
  /** The same stage started with a public URL. */
  readonly published?: Published
  /** Collects the name of each route and dispatch that a case validated against its schema. */
  readonly covered?: Set<string>
}

/** A stage whose clients use another address than the one it listens on. */
export interface Published {
  readonly baseUrl: string
  /** The gateway address that the stage must announce. */
  readonly gatewayUrl: string
  /** The gateway address that the stage listens on. */
  readonly socketUrl: string
}

/**
 * Thrown by a case that the target gives no means to run. It is not a pass: the runner prints the
 * reason, and CI counts it as a failure.
 */
export class NotRunnable extends Error {
  override readonly name = 'NotRunnable'
}
