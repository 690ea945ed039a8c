import type { Fixture } from './fixture.ts'

/**
 * One thing that a stage does, seen from outside. Data, so that the test runner, the command line
 * and the contract's map share one list.
 */
export interface Case {
  /** Stable: skips, stage.json and the contract's map name it. */
  readonly id: string
  /** What holds, in one sentence. */
  readonly title: string
  run(fixture: Fixture): Promise<void>
}

/** What a stage may have beyond what all of them have. */
export type Capability = 'resume'

/** What the suite is pointed at. All it needs is an address; the rest widens what can be tried. */
export interface Target {
  readonly baseUrl: string
  readonly capabilities: ReadonlySet<Capability>
  /** What HELLO must say, where it is known. */
  readonly heartbeatMs?: number
  /** How long an abandoned session is kept, where it is short enough to wait for. */
  readonly sessionMs?: number
  /** The same stage started with a REST limit that a few requests reach. */
  readonly limitedUrl?: string
  /** The same stage started with provisioning off. */
  readonly closedUrl?: string
  /** The same stage started with a public URL. */
  readonly published?: Published
  /** Takes the name of each route and dispatch that a case held against its schema. */
  readonly covered?: Set<string>
}

/**
 * A stage that is reached under another address than it listens on, and what it must say of its
 * gateway.
 */
export interface Published {
  readonly baseUrl: string
  readonly gatewayUrl: string
}

/**
 * A case says so when the target gives it no way to try. Not a pass: the reason is printed, and CI
 * counts it as a failure.
 */
export class NotRunnable extends Error {
  override readonly name = 'NotTried'
}
