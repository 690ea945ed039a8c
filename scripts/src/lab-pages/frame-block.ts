import { frameOf, type LabFrame } from '@threshold/lab-kit'
import { list, paragraphs, plain, table } from './markdown.ts'
import { type LabMinutes, totalMinutes, WORDS_PER_MINUTE } from './minutes.ts'
import type { LabSource, StageSource } from './page.ts'

type FrameArm = LabFrame['arms'][number]

/** The question, the arms, and what the lab needs. It gives no answer away. */
export function frameBlock(source: LabSource, minutes: LabMinutes): string {
  const { lab, stages } = source
  const frame = frameOf(lab, 'quick')
  return paragraphs([
    `**Question.** ${plain(lab.question)}`,
    armTable(frame, stages),
    list([memoryText(source), coresText(source), timeText(source, minutes)]),
  ])
}

/** A stage or a load that all arms share is a sentence, not a column. */
function armTable({ arms }: LabFrame, stages: readonly StageSource[]): string {
  const loads = new Set(arms.map(({ load }) => load))
  const numbers = new Set(arms.map(({ stage }) => stage))
  const columns: [string, (arm: FrameArm) => string][] = [
    ['Arm', ({ title }) => `**${plain(title)}**`],
    ...optional('Stage', arms, ({ stage }) =>
      numbers.size > 1 ? stageLink(stage, stages) : undefined,
    ),
    ...optional('Load', arms, ({ load }) => (loads.size > 1 ? plain(load) : undefined)),
    ...optional('Engines of its own', arms, ({ engines }) => engines && plain(engines)),
    ...optional('What happens', arms, ({ during }) => during && plain(during)),
  ]
  const shared = [
    ...(numbers.size > 1 ? [] : [`Each arm runs stage ${stageLink(arms[0]!.stage, stages)}.`]),
    ...(loads.size > 1 ? [] : [`Each arm has the same load: ${plain(arms[0]!.load)}.`]),
  ]
  return paragraphs([
    table(
      columns.map(([head]) => head),
      arms.map((arm) => columns.map(([, cell]) => cell(arm))),
    ),
    shared.join(' '),
  ])
}

/** The column, unless every cell would be empty. */
const optional = (
  head: string,
  arms: LabFrame['arms'],
  value: (arm: FrameArm) => string | undefined,
): [string, (arm: FrameArm) => string][] =>
  arms.some((arm) => value(arm) !== undefined) ? [[head, (arm) => value(arm) ?? '']] : []

function stageLink(stage: number, stages: readonly StageSource[]): string {
  const info = stages.find((each) => each.stage === stage)
  return info === undefined
    ? `${stage}`
    : `[${stage}, ${plain(info.title)}](../../${info.folder}/README.md)`
}

function memoryText({ lab, recorded }: LabSource): string {
  const peaks = (recorded?.samples ?? []).flatMap(({ memoryPeakBytes }) => memoryPeakBytes ?? [])
  const peak = peaks.length === 0 ? '' : `; the recorded run held up to ${gigabytes(peaks)}`
  return `**Memory:** ${lab.memory} free${peak}.`
}

const gigabytes = (bytes: readonly number[]): string =>
  `${(Math.max(...bytes) / 1e9).toFixed(1)} GB`

const coresText = ({ recorded }: LabSource): string =>
  `**Cores:** ${recorded === undefined ? 'two' : `two are enough; the recorded run had ${recorded.environment.cores}`}.`

function timeText({ lab, recorded }: LabSource, minutes: LabMinutes): string {
  const { reading, predicting, running, talking } = minutes
  const basis = recorded === undefined ? 'as the lab states it' : `as the recorded run took it`
  return [
    `**Time:** about ${totalMinutes(minutes)} minutes: ${reading} to read, ${predicting} to predict, ${running} to run, ${talking} to talk.`,
    `Reading counts ${WORDS_PER_MINUTE} words a minute, predicting a minute for each question and one for the reason, running at size \`--quick\` ${basis}, talking two minutes for each question.`,
    `\`--full\` runs for about ${lab.minutes.full} minutes.`,
  ].join(' ')
}
