import type { ChartName } from '../spec.ts'
import { measuredArms } from './arm-samples.ts'
import { LATE_TEXT, percentileChart, timelineChart } from './charts.ts'
import { hasFailures, stepsChart, throughputChart } from './charts-by-load.ts'
import { coresChart, usesCpu } from './cores-chart.ts'
import { guildGrid } from './guild-grid.ts'
import { html, type Markup } from './markup.ts'
import type { Report } from './schema.ts'

type Load = Report['samples'][number]['load']

interface Picture {
  readonly title: string
  readonly text: string
  /** A picture without a value other than zero is not drawn. */
  readonly hasValues: (report: Report) => boolean
  readonly draw: (report: Report, previous: Report | undefined) => Markup
}

const anyLoad =
  (holds: (load: Load) => boolean) =>
  ({ samples }: Report): boolean =>
    samples.some(({ load }) => holds(load))

const PICTURES: Readonly<Record<ChartName, Picture>> = {
  failures: {
    title: 'Failures by arm',
    text: `Late deliveries (${LATE_TEXT}), lost deliveries, and sends and reads without an answer in
      time. All rounds together. A dashed line is the threshold for late ones.`,
    hasValues: hasFailures,
    draw: stepsChart,
  },
  seconds: {
    title: 'Second by second',
    text: `The last round of each arm. The grid has the messages by the second in which they were
      due, and the curves the sends that were due and those that were answered. The schedule is
      fixed before the run and does not wait for answers.`,
    hasValues: anyLoad(({ sends }) => sends.due > 0),
    draw: (report) => html`${guildGrid(report)}${timelineChart(report)}`,
  },
  deliveries: {
    title: 'Deliveries by arm',
    text: `Each message is expected at every socket of its guild. If the bars stay below the dots,
      the stage does not keep up with the load.`,
    hasValues: anyLoad(({ deliveries }) => deliveries.expected > 0),
    draw: throughputChart,
  },
  'delivery-times': {
    title: 'Time until a message reached every socket',
    text: `Measured from the moment the message was due, so that time in a queue counts. The axis
      gives 90%, 99% and 99.9% equal room: the slowest deliveries are at the right end.`,
    hasValues: anyLoad(({ deliveries }) => deliveries.delivered > 0),
    draw: (report, previous) => percentileChart(report, 'deliveries', previous),
  },
  'send-times': {
    title: 'Time until a send was answered',
    text: 'From the moment the send was due to its acknowledgement.',
    hasValues: anyLoad(({ sends }) => sends.acknowledged > 0),
    draw: (report, previous) => percentileChart(report, 'sends', previous),
  },
  'read-times': {
    title: 'Time until a page of history was read',
    text: 'Fifty messages of a channel, from the moment the read was due.',
    hasValues: anyLoad(({ reads }) => reads.acknowledged > 0),
    draw: (report, previous) => percentileChart(report, 'reads', previous),
  },
  cpu: {
    title: 'CPU use',
    text: `Mean over all rounds while the load ran. The load generator is a separate process, so
      that its CPU does not count as the stage’s.`,
    hasValues: usesCpu,
    draw: coresChart,
  },
}

const NAMES = Object.keys(PICTURES) as ChartName[]

/** The lab's own pictures, and the others; both without those that have nothing to show. */
export function selectPictures(report: Report): { named: ChartName[]; others: ChartName[] } {
  const drawable = (name: ChartName): boolean =>
    measuredArms(report).length > 0 && PICTURES[name].hasValues(report)
  const named = NAMES.filter((name) => report.headline.charts.includes(name))
  // The lab's order says which picture matters most.
  named.sort((a, b) => report.headline.charts.indexOf(a) - report.headline.charts.indexOf(b))
  return {
    named: named.filter(drawable),
    others: NAMES.filter((name) => !named.includes(name) && drawable(name)),
  }
}

/** @param label names the engine and the machine */
export function drawPicture(
  name: ChartName,
  report: Report,
  previous: Report | undefined,
  label: string,
): Markup {
  const { title, text, draw } = PICTURES[name]
  return html`<h3>${title}</h3><figure>${draw(report, previous)}
<figcaption>${text}<span class="label">${label}</span></figcaption></figure>`
}
