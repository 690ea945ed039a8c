import { code, folded, paragraphs, table } from './markdown.ts'
import { needsOf } from './needs.ts'
import type { LabSource } from './page.ts'
import { PROBLEMS } from './problems.ts'

/** The messages that a run of this lab can end with. */
export function problemsBlock(source: LabSource): string {
  const needs = needsOf(source)
  const rows = PROBLEMS.filter(({ happens }) => happens(needs)).map((problem) => [
    shownAs(problem),
    problem.means,
    problem.helps,
  ])
  return paragraphs([
    'A lab that cannot measure says `could not run`, exits with 12, and settles nothing about the stage. [Commands](../../docs/docs/commands.md#a-busy-or-a-weak-laptop) lists what still works on a busy or a weak laptop.',
    folded('Messages, their meaning and what helps', [
      table(['Message', 'It means', 'What helps'], rows),
    ]),
  ])
}

const shownAs = ({ code: errorCode, message }: (typeof PROBLEMS)[number]): string =>
  errorCode === undefined || errorCode === message
    ? code(message)
    : `${code(errorCode)}: … ${message} …`
