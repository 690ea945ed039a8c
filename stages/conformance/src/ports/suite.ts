import { afterAll, beforeAll, describe } from 'vitest'
import { remoteProxy } from './remote-proxy.ts'

/** Creates the port under test, and adds resources to `use` that must be closed after it. */
export type Open<P> = (use: AsyncDisposableStack) => P | Promise<P>

/** Long enough to install a database first. */
export const OPEN_MS = 120_000
const TEST_MS = 60_000

/**
 * Runs the tests of a port twice on one instance: directly, and through a proxy that copies
 * arguments and results. The instance is shared because databases start slowly. So each test makes
 * its own ids and never counts all that is stored.
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

    describe('in this process', () => tests(() => port))
    describe('as if behind a network', () => tests(() => remoteProxy(port)))
  })
}

/** The same for ports that are cheap to create, such as the computations. Each test has its own. */
export function factorySuite<P extends object>(
  title: string,
  make: () => P,
  tests: (make: () => P) => void,
): void {
  describe(title, { timeout: TEST_MS }, () => {
    describe('in this process', () => tests(make))
    describe('as if behind a network', () => tests(() => remoteProxy(make())))
  })
}

const isDisposable = (port: object): port is AsyncDisposable => Symbol.asyncDispose in port

/** The same for suites that open ports themselves. They pass each port to `through`. */
export function describeLocalAndRemote(
  title: string,
  tests: (through: <P extends object>(port: P) => P) => void,
): void {
  describe(title, { timeout: TEST_MS }, () => {
    describe('in this process', () => tests((port) => port))
    describe('as if behind a network', () => tests(remoteProxy))
  })
}
