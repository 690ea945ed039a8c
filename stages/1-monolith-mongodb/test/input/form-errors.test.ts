import { type FieldErrors, formErrors } from '@threshold/contract'
import { describe, expect, it } from 'vitest'
import { messageInput, restInput } from '../../src/input/index.ts'

type Schema = {
  safeParse(value: unknown): {
    success: boolean
    error?: Parameters<typeof formErrors>[0] | undefined
  }
}

function errorsOf(schema: Schema, value: unknown): FieldErrors {
  const result = schema.safeParse(value)
  if (result.error === undefined) throw new Error(`accepted: ${JSON.stringify(value)}`)
  return formErrors(result.error)
}

/** The only error in the form, at any depth. */
const codeAt = (errors: FieldErrors, ...path: string[]): unknown => {
  let node: unknown = errors
  for (const step of path) node = (node as Record<string, unknown> | undefined)?.[step]
  return (node as { _errors?: { code: string }[] } | undefined)?._errors?.map((e) => e.code).join()
}

describe('form errors', () => {
  it('report 2,001 characters as Discord does', () => {
    expect(errorsOf(messageInput.createMessage, { content: 'x'.repeat(2_001) })).toEqual({
      content: {
        _errors: [{ code: 'BASE_TYPE_MAX_LENGTH', message: 'Must be 2000 or fewer in length.' }],
      },
    })
  })

  it('count code points, not UTF-16 code units', () => {
    expect(
      codeAt(errorsOf(messageInput.createMessage, { content: '😀'.repeat(2_001) }), 'content'),
    ).toBe('BASE_TYPE_MAX_LENGTH')
    expect(messageInput.createMessage.safeParse({ content: '😀'.repeat(2_000) }).success).toBe(true)
  })

  it('are nested like the form', () => {
    const errors = errorsOf(messageInput.createMessage, {
      content: 'x'.repeat(2_001),
      embeds: [{ title: 'fine' }, { title: 'x'.repeat(257) }],
      message_reference: { message_id: 'abc' },
    })
    expect(codeAt(errors, 'content')).toBe('BASE_TYPE_MAX_LENGTH')
    expect(codeAt(errors, 'embeds', '1', 'title')).toBe('BASE_TYPE_MAX_LENGTH')
    expect(codeAt(errors, 'message_reference', 'message_id')).toBe('NUMBER_TYPE_COERCE')
    expect(Object.keys(errors.embeds!)).toEqual(['1'])
  })

  it.each([
    ['a missing field', restInput.createGuild, {}, 'BASE_TYPE_REQUIRED'],
    ['null for a required field', restInput.createGuild, { name: null }, 'BASE_TYPE_REQUIRED'],
    ['a number for a text', restInput.createGuild, { name: 5 }, 'STRING_TYPE_CONVERT'],
    ['an operator for a text', restInput.createGuild, { name: { $gt: '' } }, 'STRING_TYPE_CONVERT'],
    ['a text too short', restInput.createGuild, { name: 'x' }, 'BASE_TYPE_MIN_LENGTH'],
    ['blanks for a text', restInput.createGuild, { name: '    ' }, 'BASE_TYPE_MIN_LENGTH'],
    ['a text too long', restInput.createGuild, { name: 'x'.repeat(101) }, 'BASE_TYPE_MAX_LENGTH'],
  ])('say what is wrong with %s', (_what, schema, value, code) => {
    expect(codeAt(errorsOf(schema, value), 'name')).toBe(code)
  })

  it('contain the bounds of a number', () => {
    expect(codeAt(errorsOf(restInput.writeRole, { color: -1 }), 'color')).toBe('NUMBER_TYPE_MIN')
    expect(codeAt(errorsOf(restInput.writeRole, { color: 0x1000000 }), 'color')).toBe(
      'NUMBER_TYPE_MAX',
    )
  })

  it('contain the values of a choice', () => {
    const errors = errorsOf(messageInput.createMessage, { allowed_mentions: { parse: ['all'] } })
    expect(codeAt(errors, 'allowed_mentions', 'parse', '0')).toBe('BASE_TYPE_CHOICES')
    expect(codeAt(errorsOf(restInput.createChannel, { name: 'a', type: 99 }), 'type')).toBe(
      'BASE_TYPE_CHOICES',
    )
  })

  it('name each unknown field of a strict form', () => {
    const errors = errorsOf(restInput.searchQuery, {
      content: 'x',
      slop: '5',
      nonsense: '1',
      __proto__: {},
    })
    expect(Object.keys(errors).sort()).toEqual(['nonsense', 'slop'])
    for (const field of ['nonsense', 'slop'])
      expect(codeAt(errors, field)).toBe('FIELD_UNSUPPORTED')
  })

  it('are at the top level when the form is no object', () => {
    expect(codeAt(errorsOf(restInput.createGuild, []))).toBe('OBJECT_TYPE_CONVERT')
  })
})
