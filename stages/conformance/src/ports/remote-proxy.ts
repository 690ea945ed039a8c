import { CodedError } from '@threshold/kit'

type Callable = (...args: unknown[]) => unknown

/**
 * The port as a client would see it across a network. Arguments, results and coded errors are
 * copied on their way, as a worker boundary copies them. The copy fails for anything that is not
 * plain data, and exposes code that relies on sharing an object. A function, such as a subscriber's
 * callback, stays callable, and its arguments are copied as well.
 */
export function remoteProxy<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return typeof key === 'symbol'
        ? value.bind(target)
        : remoteCall((...args) => (value as Callable).apply(target, args))
    },
  })
}

const remoteCall =
  (call: Callable): Callable =>
  (...args) => {
    const result = call(...args.map(copy))
    if (!(result instanceof Promise)) return copy(result)
    return result.then(copy, (error: unknown) => {
      throw error instanceof CodedError ? copyError(error) : error
    })
  }

/** The cause and the stack stay behind, in the log of the process where the error happened. */
function copyError({ code, message, next, retryAfterMs }: CodedError): CodedError {
  return new CodedError(code, message, {
    ...(next === undefined ? {} : { next }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Copies an object that holds functions field by field, and everything else as a whole. */
function copy(value: unknown): unknown {
  if (typeof value === 'function') return remoteCall(value as Callable)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  if (!entries.some(([, field]) => typeof field === 'function')) return structuredClone(value)
  return Object.fromEntries(entries.map(([key, field]) => [key, copy(field)]))
}
