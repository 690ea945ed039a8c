import { deadlineAfter, withDeadline } from './deadline.ts'
import { CodedError, messageOf } from './errors.ts'
import type { Runtime } from './runtime.ts'

/** Opens the components of a process and closes them again. */
export interface Lifecycle {
  /**
   * Waits for the component and remembers it. If it cannot open, all components opened before it
   * are closed and the call rejects with `PART_NOT_OPENED`.
   */
  open<T extends AsyncDisposable>(name: string, component: T | Promise<T>): Promise<T>
  /** Closes all components in reverse order of opening, within the time given. Idempotent. */
  close(): Promise<void>
}

/**
 * Closes in reverse order of opening, because a component was opened after those it depends on: the
 * listener closes before the services behind it, and the database last. A component that hangs
 * takes its share of the time and no more.
 */
export function lifecycle(
  runtime: Pick<Runtime, 'log'>,
  options: { closeWithinMs?: number } = {},
): Lifecycle {
  const { closeWithinMs = 10_000 } = options
  const components: { name: string; component: AsyncDisposable }[] = []
  let closing: Promise<void> | undefined

  const closeAll = async (): Promise<void> => {
    const until = Date.now() + closeWithinMs
    const open = components.splice(0).reverse()
    for (const [index, { name, component }] of open.entries()) {
      // The time that quick components leave is shared among the rest.
      const share = Math.max(100, (until - Date.now()) / (open.length - index))
      try {
        const closed = component[Symbol.asyncDispose]()
        await withDeadline(deadlineAfter(share), `closing ${name}`, closed)
      } catch (error) {
        runtime.log.warn({ part: name, err: messageOf(error) }, 'a component did not close cleanly')
      }
    }
  }

  return {
    async open(name, component) {
      try {
        const opened = await component
        components.push({ name, component: opened })
        if (closing === undefined) return opened
      } catch (error) {
        await closeAll()
        throw new CodedError('PART_NOT_OPENED', `${name}: ${messageOf(error)}`, { cause: error })
      }
      // close() was called while this component was opening. Nothing else holds it, so it is closed
      // here.
      await closeAll()
      throw new CodedError('CLOSING', `${name} opened while the process was closing`)
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}
