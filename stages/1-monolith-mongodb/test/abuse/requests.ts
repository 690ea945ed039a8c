import fc from 'fast-check'
import type { z } from 'zod'
import { hostileValue, idOf, namesOf, nearly, SPECIAL_TEXT } from './hostile.ts'
import { ROUTES } from './routes.ts'
import type { World } from './world.ts'

export interface HostileRequest {
  /** Whose token it carries; the stranger is in no guild. */
  readonly by: 'owner' | 'stranger'
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** A request to a route of the contract with something wrong in its path, its query or its body. */
export function hostileRequest(world: World): fc.Arbitrary<HostileRequest> {
  // What takes most is drawn more often: bodies, and among them messages.
  const writes = ROUTES.filter(({ body }) => body !== undefined)
  const messages = writes.filter(({ path }) => path.includes('messages'))
  return fc
    .oneof(fc.constantFrom(...ROUTES), fc.constantFrom(...writes), fc.constantFrom(...messages))
    .chain((one) =>
      fc
        .record({
          by: fc.oneof(
            { weight: 5, arbitrary: fc.constant('owner' as const) },
            { weight: 1, arbitrary: fc.constant('stranger' as const) },
          ),
          parameters: fc.array(parameter(world), { minLength: 4, maxLength: 4 }),
          query: fc.option(queryFor(one.query, world), { nil: undefined }),
          body: one.body
            ? nearly(one.body, world)
            : fc.option(hostileValue(world), { nil: undefined, freq: 2 }),
        })
        .map(({ by, parameters, query, body }) => {
          let at = 0
          const path = one.path.replace(
            /:(\w+)/g,
            (_, name: string) => parameters[at++]?.[name] ?? '0',
          )
          return {
            by,
            method: one.method,
            path: query === undefined ? path : `${path}?${query}`,
            ...(body === undefined ? {} : { body }),
          }
        }),
    )
}

/** Mostly what is there, so that requests get past the look-up; else an id of nothing, or no id. */
function parameter(world: World): fc.Arbitrary<Record<string, string>> {
  const { user, guild, channel, message, role, invite } = world
  const real = {
    user,
    guild,
    channel,
    message,
    role,
    code: invite,
    target: role,
    emoji: encodeURIComponent('👍'),
  }
  const wrong = fc
    .oneof(
      idOf(world),
      fc.constantFrom(...SPECIAL_TEXT, '%', '%zz', '..%2f..%2f', '%00', '%ff%fe'),
      fc.string({ unit: 'binary', maxLength: 20 }),
    )
    .map((text) => (/^%/.test(text) || text.includes('%2f') ? text : escaped(text)))
  return fc.oneof(
    { weight: 4, arbitrary: fc.constant(real) },
    {
      weight: 1,
      arbitrary: wrong.map((text) =>
        Object.fromEntries(Object.keys(real).map((name) => [name, text || '0'])),
      ),
    },
  )
}

function queryFor(schema: z.ZodType | undefined, world: World): fc.Arbitrary<string> {
  const keys = schema ? namesOf(schema) : ['with_counts', 'limit']
  const key = fc.oneof(
    fc.constantFrom(...keys),
    fc.constantFrom(
      ...keys.map((name) => `${name}[$gt]`),
      '__proto__',
      'constructor[prototype]',
      '$where',
      '',
    ),
  )
  const value = fc.oneof(
    idOf(world),
    fc.constantFrom(...SPECIAL_TEXT),
    fc.integer().map(String),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  return fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((pairs) => pairs.map(([name, text]) => `${escaped(name)}=${escaped(text)}`).join('&'))
}

/**
 * encodeURIComponent throws at half a surrogate pair; on the wire it is the three bytes that UTF-8
 * would have for it.
 */
const escaped = (text: string): string =>
  [...text]
    .map((character) =>
      character.isWellFormed()
        ? encodeURIComponent(character)
        : [
            0xe0 | (character.charCodeAt(0) >> 12),
            0x80 | ((character.charCodeAt(0) >> 6) & 63),
            0x80 | (character.charCodeAt(0) & 63),
          ]
            .map((byte) => `%${byte.toString(16)}`)
            .join(''),
    )
    .join('')
