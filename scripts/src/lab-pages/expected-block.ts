import { formatValue, type Report } from '@threshold/lab-kit'
import { paragraphs, plain, table } from './markdown.ts'
import type { LabSource } from './page.ts'

/** The picture of a recorded run, relative to the lab's page. */
export const PICTURE = 'recorded/picture.svg'

/** The recorded run's sentence, verdict and figures. */
export function expectedBlock({ recorded }: LabSource): string {
  if (recorded === undefined) return 'No run of this lab is recorded yet.'
  const { headline, verdict, reasons, notes } = recorded
  return paragraphs([
    headline.sentence === null ? undefined : `> ${plain(headline.sentence)}`,
    `Verdict: \`${verdict}\`.`,
    `![${pictureText(recorded)}](${PICTURE})`,
    figureTable(recorded),
    notes.length === 0 ? undefined : notes.map((note) => `- ${plain(note)}`).join('\n'),
    verdict === 'supported' ? undefined : reasons.map((reason) => plain(reason)).join('; '),
    provenance(recorded),
  ])
}

const pictureText = ({ lab, headline }: Report): string =>
  plain(`${headline.figures.join(', ')} of each arm of lab ${lab.id}`)

/** Every measure of each arm, from the last round, and the engines if they differ. */
function figureTable({ arms, measures, figures }: Report): string {
  const round = Math.max(...figures.map((figure) => figure.round))
  const valueIn = (arm: string, name: string): string => {
    const found = figures.find(
      (figure) => figure.arm === arm && figure.figure === name && figure.round === round,
    )
    return found === undefined ? '' : formatValue(found.unit, found.value ?? Number.NaN)
  }
  return table(
    ['Figure', ...arms.map(({ title }) => plain(title))],
    [
      ...measures.map(({ name }) => [plain(name), ...arms.map((arm) => valueIn(arm.name, name))]),
      ...(enginesOf(arms).length > 1
        ? [['engine', ...arms.map(({ engine }) => plain(engine?.text ?? ''))]]
        : []),
    ],
  )
}

function provenance({ arms, environment, startedAt, size, seconds }: Report): string {
  const engines = enginesOf(arms).join('; ')
  return `Recorded on ${startedAt.slice(0, 10)} at size \`${size}\` in ${Math.round(seconds)} s, on ${plain(environment.text)}; ${plain(engines)}. The times depend on the machine.`
}

const enginesOf = (arms: Report['arms']): string[] => [
  ...new Set(arms.flatMap(({ engine }) => engine?.text ?? [])),
]
