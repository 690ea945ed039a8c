import { CodedError, decodeJson, encodeJson } from '@threshold/kit'

type Callable = (...args: unknown[]) => unknown

/** Copies a value as a boundary between two processes would, and throws if it is no plain data. */
type Transfer = (value: unknown) => unknown

/** As Node copies a value between threads. */
export const byClone: Transfer = (value) =>
  value instanceof CodedError ? copyError(value) : structuredClone(value)

/** As stage 3 sends a value over a network: as text. */
export const byJson: Transfer = (value) => decodeJson(encodeJson(value))

/**
 * The port as a client would see it across a network. Arguments, results and coded errors are
 * copied on their way. The copy fails for anything that is not plain data, and exposes code that
 * relies on sharing an object. A function, such as a subscriber's callback, stays callable, and its
 * arguments are copied as well.
 */
export function remoteProxy<T extends object>(port: T, transfer: Transfer): T {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return typeof key === 'symbol'
        ? value.bind(target)
        : remoteCall((...args) => (value as Callable).apply(target, args), transfer)
    },
  })
}

const remoteCall =
  (call: Callable, transfer: Transfer): Callable =>
  (...args) => {
    const result = call(...args.map((arg) => copy(arg, transfer)))
    if (!(result instanceof Promise)) return copy(result, transfer)
    return result.then(
      (value) => copy(value, transfer),
      (error: unknown) => {
        throw error instanceof CodedError ? transfer(error) : error
      },
    )
  }

/** The cause and the stack stay behind, in the log of the process where the error happened. */
function copyError({ code, message, next, retryAfterMs }: CodedError): CodedError {
  return new CodedError(code, message, {
    ...(next === undefined ? {} : { next }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}

/** Copies an object that holds functions field by field, and everything else as a whole. */
function copy(value: unknown, transfer: Transfer): unknown {
  if (typeof value === 'function') return remoteCall(value as Callable, transfer)
  if (typeof value !== 'object' || value === null) return transfer(value)
  const entries = Object.entries(value)
  if (!entries.some(([, field]) => typeof field === 'function')) return transfer(value)
  return Object.fromEntries(entries.map(([key, field]) => [key, copy(field, transfer)]))
}
