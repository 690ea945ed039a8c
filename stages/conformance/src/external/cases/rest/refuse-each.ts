import { invalid, type Method } from '../../api-client.ts'
import { expectTrue } from '../../expect.ts'
import type { TestUser } from '../../test-user.ts'

/**
 * Sends the form once per unsupported field, and expects an error that names the field. A dot in a
 * field's name nests it, as in `errors`.
 */
export async function refuseEach(
  { api }: TestUser,
  method: Method,
  path: string,
  form: object,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  for (const [field, value] of Object.entries(fields)) {
    const nested = field.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)
    const response = await api.expectError(invalid(field), method, path, {
      ...form,
      ...(nested as object),
    })
    expectTrue(
      /not supported/.test(response.text),
      `${method} ${path} says that ${field} is not supported`,
      response.text,
    )
  }
}
