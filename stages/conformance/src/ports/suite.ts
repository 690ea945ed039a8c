import { afterAll, beforeAll, describe } from 'vitest'
import { byClone, byJson, remoteProxy } from './remote-proxy.ts'

/** Creates the port under test, and adds resources to `use` that must be closed after it. */
export type Open<P> = (use: AsyncDisposableStack) => P | Promise<P>

/** Long enough to install a database first. */
export const OPEN_MS = 120_000
const TEST_MS = 60_000

/** Puts a port behind a boundary, or returns it as it is. */
type Through = <P extends object>(port: P) => P

/**
 * Every suite runs three times: on the port itself, on a proxy that copies arguments and results,
 * and on one that sends them as JSON. So a port that could not move to another process fails in
 * stage 1.
 */
const BOUNDARIES: readonly (readonly [string, Through])[] = [
  ['in this process', (port) => port],
  ['as if in another process', (port) => remoteProxy(port, byClone)],
  ['as if behind a network', (port) => remoteProxy(port, byJson)],
]

/**
 * Runs the tests of a port on one instance. The instance is shared because databases start slowly.
 * So each test makes its own ids and never counts all that is stored.
 */
export function portSuite<P extends object>(
  title: string,
  open: Open<P>,
  tests: (port: () => P) => void,
): void {
  describe(title, { timeout: TEST_MS }, () => {
    const use = new AsyncDisposableStack()
    let port: P
    beforeAll(async () => {
      port = await open(use)
      if (isDisposable(port)) use.use(port)
    }, OPEN_MS)
    afterAll(() => use.disposeAsync(), OPEN_MS)

    describe.each(BOUNDARIES)('%s', (_name, through) => tests(() => through(port)))
  })
}

/** The same for ports that are cheap to create, such as the computations. Each test has its own. */
export function factorySuite<P extends object>(
  title: string,
  make: () => P,
  tests: (make: () => P) => void,
): void {
  describe(title, { timeout: TEST_MS }, () => {
    describe.each(BOUNDARIES)('%s', (_name, through) => tests(() => through(make())))
  })
}

const isDisposable = (port: object): port is AsyncDisposable => Symbol.asyncDispose in port

/** The same for suites that open ports themselves. They pass each port to `through`. */
export function describeLocalAndRemote(title: string, tests: (through: Through) => void): void {
  describe(title, { timeout: TEST_MS }, () => {
    describe.each(BOUNDARIES)('%s', (_name, through) => tests(through))
  })
}
