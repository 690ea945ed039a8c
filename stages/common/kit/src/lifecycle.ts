import { CodedError, messageOf } from './errors.ts'
import type { Runtime } from './runtime.ts'

/** Something opened that must be closed. */
export type Part = AsyncDisposable

export interface Lifecycle {
  /** Waits for the part and remembers it; a part that cannot open closes those before it. */
  open<T extends Part>(name: string, part: T | Promise<T>): Promise<T>
  /** Closes in reverse order of opening, each part within the deadline. Idempotent. */
  close(): Promise<void>
}

/**
 * Parts close in the reverse order of opening: who depends on a part was opened after it, so the
 * listener goes before the services behind it and the database last. A part that hangs costs its
 * share of the deadline and no more.
 */
export function lifecycle(
  runtime: Pick<Runtime, 'log'>,
  options: { closeWithinMs?: number } = {},
): Lifecycle {
  const { closeWithinMs = 10_000 } = options
  const parts: { name: string; part: Part }[] = []
  let closing: Promise<void> | undefined

  const closeAll = async (): Promise<void> => {
    const until = Date.now() + closeWithinMs
    const open = parts.splice(0).reverse()
    for (const [index, { name, part }] of open.entries()) {
      // What quick parts leave over goes to those after them; a part that hangs takes no more than
      // its share.
      const share = Math.max(100, (until - Date.now()) / (open.length - index))
      try {
        await withTimeout(part[Symbol.asyncDispose](), share, name)
      } catch (error) {
        runtime.log.warn({ part: name, err: messageOf(error) }, 'a part did not close cleanly')
      }
    }
  }

  return {
    async open(name, part) {
      try {
        const opened = await part
        parts.push({ name, part: opened })
        if (closing === undefined) return opened
      } catch (error) {
        await closeAll()
        throw new CodedError('PART_NOT_OPENED', `${name}: ${messageOf(error)}`, { cause: error })
      }
      // Told to close while this part was still opening: nobody else knows of it, so it is closed
      // here.
      await closeAll()
      throw new CodedError('CLOSING', `${name} opened while everything was being closed`)
    },
    close() {
      closing ??= closeAll()
      return closing
    },
  }
}

async function withTimeout(work: PromiseLike<void>, ms: number, name: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new CodedError('CLOSE_TIMED_OUT', `${name} did not close within ${Math.round(ms)} ms`),
        ),
      ms,
    )
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
