import type { Lab } from './spec.ts'
import type { Judgement } from './verdict.ts'

/**
 * Returns the statements that the negative control names and that did not fail in this run. It is
 * empty if the control was refuted as it should be.
 */
export function unmetByControl(
  { control }: Lab,
  { verdict, reasons }: Pick<Judgement, 'verdict' | 'reasons'>,
): string[] {
  if (verdict !== 'refuted') return [...control.failsOn]
  return control.failsOn.filter(
    (named) => !reasons.some((reason) => reason.startsWith(`${named} `)),
  )
}
