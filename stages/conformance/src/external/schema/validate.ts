import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Schema } from './build.ts'
import { DISPATCHES } from './gateway.ts'
import { error as errorBody, RESPONSES, rateLimited } from './responses.ts'

/** `strictTypes` would refuse unions such as string or null. */
const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false })
/** Schemas are compiled on first use, so that a run of a few cases starts quickly. */
const compiled = new Map<Schema, ValidateFunction>()

/** Every route and dispatch that has a schema, such as `GET /users/@me` and `READY`. */
export const SCHEMA_NAMES: readonly string[] = [
  ...Object.keys(RESPONSES),
  ...Object.keys(DISPATCHES),
]

/** Returns the validation errors, one per line, or undefined if the value is valid. */
function validate(schema: Schema, value: unknown): string | undefined {
  const validator = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validator)
  if (validator(value)) return undefined
  return validator.errors
    ?.map(
      ({ instancePath, message, params }) =>
        `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
    .join('\n')
}

interface Route {
  readonly name: string
  readonly method: string
  readonly segments: readonly string[]
}

const routes: readonly Route[] = Object.keys(RESPONSES)
  .map((name) => {
    const [method = '', path = ''] = name.split(' ')
    return { name, method, segments: path.split('/') }
  })
  // Routes with fewer parameters first, so that `/users/@me` is tried before `/users/:id`.
  .sort((a, b) => parameterCount(a) - parameterCount(b))

function parameterCount({ segments }: Route): number {
  return segments.filter((segment) => segment.startsWith(':')).length
}

function findRoute(method: string, path: string): Route | undefined {
  const segments = path.replace(/\?.*$/, '').split('/')
  return routes.find(
    (route) =>
      route.method === method &&
      route.segments.length === segments.length &&
      route.segments.every((segment, i) => segment.startsWith(':') || segment === segments[i]),
  )
}

/**
 * Validates a REST response against the schema of its route, or against the error schema. A success
 * response with a body is also an error if its route has no schema, so that every new route brings
 * one.
 *
 * @param path without the prefix, such as `/users/@me?x=1`
 * @param covered receives the route's name, also if validation fails
 * @returns the errors, one per line, or undefined if the response is valid
 */
export function validateResponse(
  method: string,
  path: string,
  status: number,
  body: unknown,
  covered?: Set<string>,
): string | undefined {
  if (status === 429) return validate(rateLimited, body)
  if (status >= 400) return validate(errorBody, body)
  if (status === 204) return undefined
  const route = findRoute(method, path)
  if (route !== undefined) covered?.add(route.name)
  return route === undefined
    ? 'no schema describes this response'
    : validate(RESPONSES[route.name]!, body)
}

/** Like `validateResponse`, for the payload (`d`) of a gateway event. */
export function validateDispatch(
  name: string,
  data: unknown,
  covered?: Set<string>,
): string | undefined {
  const schema = DISPATCHES[name]
  covered?.add(name)
  return schema === undefined ? 'no schema describes this dispatch' : validate(schema, data)
}
