import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type { Schema } from './build.ts'
import { DISPATCHES } from './gateway.ts'
import { error, RESPONSES, rateLimited } from './responses.ts'

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false })
/** Compiled when first needed: a run of a few cases compiles a few schemas. */
const compiled = new Map<Schema, ValidateFunction>()

/** Every route and dispatch that has a schema, such as `GET /users/@me` and `READY`. */
export const SCHEMA_NAMES: readonly string[] = [
  ...Object.keys(RESPONSES),
  ...Object.keys(DISPATCHES),
]

/** The faults of a value, one a line; undefined where there are none. */
function validate(schema: Schema, value: unknown): string | undefined {
  const validate = compiled.get(schema) ?? ajv.compile(schema)
  compiled.set(schema, validate)
  if (validate(value)) return undefined
  return validate.errors
    ?.map(
      ({ instancePath, message, params }) =>
        `${instancePath || '/'} ${message} ${JSON.stringify(params)}`,
    )
    .join('\n')
}

interface Route {
  readonly name: string
  readonly verb: string
  readonly segments: readonly string[]
}

const routes: readonly Route[] = Object.keys(RESPONSES)
  .map((name) => {
    const [verb = '', path = ''] = name.split(' ')
    return { name, verb, segments: path.split('/') }
  })
  // A literal such as `@me` comes before a parameter in the same place.
  .sort((a, b) => parameters(a) - parameters(b))

function parameters({ segments }: Route): number {
  return segments.filter((segment) => segment.startsWith(':')).length
}

function routeOf(verb: string, path: string): Route | undefined {
  const segments = path.replace(/\?.*$/, '').split('/')
  return routes.find(
    (route) =>
      route.verb === verb &&
      route.segments.length === segments.length &&
      route.segments.every((segment, i) => segment.startsWith(':') || segment === segments[i]),
  )
}

/**
 * Holds an answer of the REST API against the schema of its route, or of errors. A success with a
 * body whose route has no schema is a fault as well: a new route brings its schema.
 *
 * @param path without the prefix, such as `/users/@me?x=1`
 * @param seen takes the route's name
 * @returns the faults, a line each; undefined where there are none
 */
export function validateResponse(
  verb: string,
  path: string,
  status: number,
  body: unknown,
  seen?: Set<string>,
): string | undefined {
  if (status === 429) return validate(rateLimited, body)
  if (status >= 400) return validate(error, body)
  if (status === 204) return undefined
  const route = routeOf(verb, path)
  if (route !== undefined) seen?.add(route.name)
  return route === undefined
    ? 'no schema describes this answer'
    : validate(RESPONSES[route.name]!, body)
}

/** The same for the `d` of a dispatch. */
export function validateDispatch(
  name: string,
  data: unknown,
  seen?: Set<string>,
): string | undefined {
  const schema = DISPATCHES[name]
  seen?.add(name)
  return schema === undefined ? 'no schema describes this dispatch' : validate(schema, data)
}
