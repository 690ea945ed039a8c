import { afterAll, beforeAll, describe } from 'vitest'
import { remoteProxy } from './remote-proxy.ts'

/**
 * Makes the port under test. What it needs to be closed after it, such as a leased database, it
 * gives to `use`.
 */
export type Open<P> = (use: AsyncDisposableStack) => P | Promise<P>

/** A database may have to be installed first. */
export const OPEN_MS = 120_000
const LAW_MS = 60_000

/**
 * Runs the laws of a port twice on one instance: as it is, and with everything copied on the way in
 * and out. Opened once, since a database is slow to get: each law therefore makes ids of its own
 * and never counts what others may have left.
 */
export function portSuite<P extends object>(
  title: string,
  open: Open<P>,
  laws: (port: () => P) => void,
): void {
  describe(title, { timeout: LAW_MS }, () => {
    const use = new AsyncDisposableStack()
    let port: P
    beforeAll(async () => {
      port = await open(use)
      if (isDisposable(port)) use.use(port)
    }, OPEN_MS)
    afterAll(() => use.disposeAsync(), OPEN_MS)

    describe('in this process', () => laws(() => port))
    describe('as if behind a network', () => laws(() => remoteProxy(port)))
  })
}

/**
 * The same for what is made in no time and holds state of its own, such as the computations: each
 * run of a law makes its own.
 */
export function factorySuite<P extends object>(
  title: string,
  make: () => P,
  laws: (make: () => P) => void,
): void {
  describe(title, { timeout: LAW_MS }, () => {
    describe('in this process', () => laws(make))
    describe('as if behind a network', () => laws(() => remoteProxy(make())))
  })
}

const isDisposable = (port: object): port is AsyncDisposable => Symbol.asyncDispose in port

/**
 * For a suite whose laws open ports themselves: `through` is how they must take each port that they
 * open.
 */
export function describeLocalAndRemote(
  title: string,
  laws: (through: <P extends object>(port: P) => P) => void,
): void {
  describe(title, { timeout: LAW_MS }, () => {
    describe('in this process', () => laws((port) => port))
    describe('as if behind a network', () => laws(remoteProxy))
  })
}
