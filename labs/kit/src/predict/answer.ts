import { formatValue, type Unit } from '../figure.ts'

/** The part of a question that an answer is checked against. */
export interface AnswerFormat {
  readonly unit: Unit
  /** Lowest and highest answer. A share is a fraction here, and is typed in percent. */
  readonly range: readonly [min: number, max: number]
}

/** Null stands for a question that the learner passes. */
export type ParsedAnswer = { readonly answer: number | null } | { readonly problem: string }

const PASS = ['pass', '-']

/** Units that the learner may add to the number. */
const SUFFIX: Record<Unit, RegExp> = {
  count: /$/,
  share: /\s*%$/,
  ratio: /\s*[x×]$/,
  ms: /\s*ms$/,
  s: /\s*s$/,
  bytes: /\s*bytes$/,
  cores: /\s*cores$/,
}

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)$/
const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/

/** Reads one typed answer: a number in the question's unit and range, or `pass` or `-`. */
export function parseAnswer(typed: string, format: AnswerFormat): ParsedAnswer {
  const text = typed.trim().toLowerCase()
  if (PASS.includes(text)) return { answer: null }
  const bare = text.replace(SUFFIX[format.unit], '')
  const digits = GROUPED.test(bare) ? bare.replaceAll(',', '') : bare
  const expected = `expected ${describeAnswer(format)}`
  if (text === '') return { problem: `an answer is missing; ${expected}` }
  if (!NUMBER.test(digits)) return { problem: `“${typed.trim()}” is no number; ${expected}` }
  const number = Number(digits)
  const answer = format.unit === 'share' ? number / 100 : number
  const [min, max] = format.range
  if (answer < min || answer > max)
    return { problem: `${typed.trim()} is out of range; ${expected}` }
  return { answer }
}

/** Such as `a number from 0 to 10, or pass`. */
export function describeAnswer({ unit, range: [min, max] }: AnswerFormat): string {
  const kind = unit === 'share' ? 'a percentage' : unit === 'ratio' ? 'a factor' : 'a number'
  return `${kind} from ${formatValue(unit, min)} to ${formatValue(unit, max)}, or pass`
}
