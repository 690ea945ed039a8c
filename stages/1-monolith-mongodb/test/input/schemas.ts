import type { formErrors } from '@threshold/contract'

/** A Zod schema of any type. */
export type Schema = {
  safeParse(
    value: unknown,
    options?: { reportInput: true },
  ): { success: boolean; data?: unknown; error?: Parameters<typeof formErrors>[0] | undefined }
}

export const ID = '80351110224678912'

/** Values that are no ids, such as operators of database queries. */
export const NOT_IDS: readonly unknown[] = [
  { $gt: '' },
  { $ne: null },
  { $where: 'sleep(1)' },
  { toString: 1, valueOf: 1 },
  { toString: { $gt: '' } },
  [[ID]],
  true,
  '',
  'abc',
  '-1',
  '1e3',
  '0x10',
  1.5,
  -1,
  2 ** 53,
  '9'.repeat(20),
]
