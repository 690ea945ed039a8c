import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Schema } from './build.ts'
import { DISPATCHES } from './gateway.ts'
import { error, RESPONSES, rateLimited } from './responses.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false })
/** Schemas are compiled on first use, so that a run of a few cases starts quickly. */
const compiled = new Map<Schema, ValidateFunction>()

/** Every route and dispatch that has a schema, such as `GET /users/@me` and `READY`. */
export const SCHEMA_NAMES: readonly string[] = [
  ...Object.keys(RESPONSES),
  ...Object.keys(DISPATCHES),
]

/** Returns the validation errors, one a line, or undefined if the value is valid. */
function validate(schema: Schema, value: unknown): string | undefined {
  const isValid = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, isValid)
  if (isValid(value)) return undefined
  return isValid.errors
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
  // A literal segment such as `@me` takes precedence over a parameter.
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
 * Validates a REST response against the schema of its route, or of errors. A success with a body
 * whose route has no schema is an error too, so that each new route brings its schema.
 *
 * @param path without the prefix, such as `/users/@me?x=1`
 * @param covered collects the route's name
 * @returns the errors, one a line, or undefined if the response is valid
 */
export function validateResponse(
  method: string,
  path: string,
  status: number,
  body: unknown,
  covered?: Set<string>,
): string | undefined {
  if (status === 429) return validate(rateLimited, body)
  if (status >= 400) return validate(error, body)
  if (status === 204) return undefined
  const route = findRoute(method, path)
  if (route !== undefined) covered?.add(route.name)
  return route === undefined
    ? 'no schema describes this response'
    : validate(RESPONSES[route.name]!, body)
}

/** The same for the `d` of a dispatch. */
export function validateDispatch(
  name: string,
  data: unknown,
  covered?: Set<string>,
): string | undefined {
  const schema = DISPATCHES[name]
  covered?.add(name)
  return schema === undefined ? 'no schema describes this dispatch' : validate(schema, data)
}
