import { CodedError } from '@threshold/kit'

type Callable = (...args: unknown[]) => unknown

/**
 * The port as it would be behind a network: arguments, results and coded errors are copied on their
 * way, as a worker boundary copies them. What is not plain data fails here, and so does whoever
 * relies on sharing an object. Functions are what a remote port would make into messages; their
 * arguments are copied likewise.
 */
export function remoteProxy<T extends object>(port: T): T {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return typeof key === 'symbol'
        ? value.bind(target)
        : wrap((...args) => (value as Callable).apply(target, args))
    },
  })
}

const wrap =
  (call: Callable): Callable =>
  (...args) =>
    back(call(...args.map(across)))

function back(result: unknown): unknown {
  if (!(result instanceof Promise)) return across(result)
  return result.then(across, (error: unknown) => {
    throw error instanceof CodedError
      ? CodedError.fromPlain(structuredClone(error.toPlain()))
      : error
  })
}

/**
 * A value on the other side. Only one that holds functions, such as a subscriber, is taken apart;
 * the rest is cloned whole.
 */
function across(value: unknown): unknown {
  if (typeof value === 'function') return wrap(value as Callable)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  if (!entries.some(([, part]) => typeof part === 'function')) return structuredClone(value)
  return Object.fromEntries(entries.map(([key, part]) => [key, across(part)]))
}
