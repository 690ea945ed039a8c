import { ACROSS_ARMS } from '../expectations.ts'
import { nameInWords } from '../measure.ts'
import type { Report } from './schema.ts'

type NamedArm = Pick<Report['arms'][number], 'name' | 'title'>
type Titled = Pick<Report, 'arms' | 'thresholds'>

const ACROSS_TITLE = 'Across arms'

/** The arm's name for readers. */
export const titleOf = ({ arms }: Pick<Report, 'arms'>, name: string): string =>
  name === ACROSS_ARMS ? ACROSS_TITLE : (arms.find((arm) => arm.name === name)?.title ?? name)

/** A figure whose name contains the names of arms, taken apart for the reader. */
export interface FigureTitle {
  /** The measure, such as `small guilds`. */
  readonly measure: string
  /** The compared arms, such as `The guild talks ÷ The guild is silent`. */
  readonly arms?: string
  /** The kind of comparison of these arms. */
  readonly result?: 'ratio' | 'difference'
}

const SIGNS = {
  over: { sign: '÷', result: 'ratio' },
  beyond: { sign: '−', result: 'difference' },
} as const

/** `talking small guilds over silent small guilds` compares one measure of two arms. */
export function figureTitle(
  { arms }: { readonly arms: readonly NamedArm[] },
  name: string,
): FigureTitle {
  for (const [word, { sign, result }] of Object.entries(SIGNS)) {
    const [left, right, ...rest] = name.split(` ${word} `).map((side) => splitArm(arms, side))
    if (left === undefined || right === undefined || rest.length > 0) continue
    if (left.title === undefined && right.title === undefined) continue
    if (left.measure === right.measure)
      return { measure: left.measure, result, arms: `${left.title} ${sign} ${right.title}` }
    return { measure: `${inOneText(left)} ${sign} ${inOneText(right)}` }
  }
  return { measure: inOneText(splitArm(arms, name)) }
}

interface Side {
  readonly title?: string
  readonly measure: string
}

/** The longest name wins, since the name of one arm may begin that of another. */
function splitArm(arms: readonly NamedArm[], text: string): Side {
  const [arm] = arms
    .map(({ name, title }) => ({ prefix: `${nameInWords(name)} `, title }))
    .filter(({ prefix }) => text.startsWith(prefix))
    .sort((a, b) => b.prefix.length - a.prefix.length)
  return arm === undefined
    ? { measure: text }
    : { title: arm.title, measure: text.slice(arm.prefix.length) }
}

const inOneText = ({ title, measure }: Side): string =>
  title === undefined ? measure : `${measure} (${title})`

/** Replaces the code names of arms in a reason or in the text of a threshold by their titles. */
export function withTitles(report: Titled, text: string): string {
  const names = [ACROSS_ARMS, ...report.arms.map(({ name }) => name)]
  const arm = names.find((name) => text.startsWith(`${name}:`) || text.startsWith(`${name}, `))
  const readable = arm === undefined ? text : `${quoted(report, arm)}${text.slice(arm.length)}`
  const figures = new Set(report.thresholds.map(({ figure }) => figure))
  const titled = [...figures].reduce((all, figure) => {
    const { measure, arms } = figureTitle(report, figure)
    return all.replaceAll(figure, arms === undefined ? measure : `${measure} (${arms})`)
  }, readable)
  return names.reduce(
    (all, name) =>
      all.replace(
        `of ${name} could not be measured`,
        `of ${quoted(report, name)} could not be measured`,
      ),
    titled,
  )
}

/** A title such as “The huge guild is silent” would read as part of the sentence. */
const quoted = (report: Titled, name: string): string =>
  name === ACROSS_ARMS ? ACROSS_TITLE : `“${titleOf(report, name)}”`
