import fc from 'fast-check'
import type { z } from 'zod'
import type { Fixture } from './fixture.ts'
import { almostValid, fieldNames, hostileValue, idOf, SPECIAL_TEXT } from './hostile.ts'
import { ROUTES } from './routes.ts'

export interface HostileRequest {
  /** The user whose token the request carries. The stranger is not in the guild. */
  readonly by: 'owner' | 'stranger'
  readonly method: string
  readonly path: string
  readonly body?: unknown
}

/** A request to a route of the contract, with something wrong in its path, query or body. */
export function hostileRequest(fixture: Fixture): fc.Arbitrary<HostileRequest> {
  // Routes with a body are drawn more often, and those of messages most often.
  const writes = ROUTES.filter(({ body }) => body !== undefined)
  const messages = writes.filter(({ path }) => path.includes('messages'))
  return fc
    .oneof(fc.constantFrom(...ROUTES), fc.constantFrom(...writes), fc.constantFrom(...messages))
    .chain((route) =>
      fc
        .record({
          by: fc.oneof(
            { weight: 5, arbitrary: fc.constant('owner' as const) },
            { weight: 1, arbitrary: fc.constant('stranger' as const) },
          ),
          parameters: fc.array(parameter(fixture), { minLength: 4, maxLength: 4 }),
          query: fc.option(queryFor(route.query, fixture), { nil: undefined }),
          body: route.body
            ? almostValid(route.body, fixture)
            : fc.option(hostileValue(fixture), { nil: undefined, freq: 2 }),
        })
        .map(({ by, parameters, query, body }) => {
          let index = 0
          const path = route.path.replace(
            /:(\w+)/g,
            (_, name: string) => parameters[index++]?.[name] ?? '0',
          )
          return {
            by,
            method: route.method,
            path: query === undefined ? path : `${path}?${query}`,
            ...(body === undefined ? {} : { body }),
          }
        }),
    )
}

/**
 * Mostly ids that exist, so that requests get past the look-up; otherwise unknown ids and texts
 * that are no ids.
 */
function parameter(fixture: Fixture): fc.Arbitrary<Record<string, string>> {
  const { user, guild, channel, message, role, invite } = fixture
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
      idOf(fixture),
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

function queryFor(schema: z.ZodType | undefined, fixture: Fixture): fc.Arbitrary<string> {
  const keys = schema ? fieldNames(schema) : ['with_counts', 'limit']
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
    idOf(fixture),
    fc.constantFrom(...SPECIAL_TEXT),
    fc.integer().map(String),
    fc.string({ unit: 'binary', maxLength: 10 }),
  )
  return fc
    .array(fc.tuple(key, value), { maxLength: 5 })
    .map((pairs) => pairs.map(([name, text]) => `${escaped(name)}=${escaped(text)}`).join('&'))
}

/** Encodes lone surrogates too, as the three bytes of UTF-8. encodeURIComponent throws on them. */
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
