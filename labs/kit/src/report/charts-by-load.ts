import { measuredArms, samplesOf, sum } from './arm-samples.ts'
import { grid, line, thresholdLine, xAxis, yAxis } from './chart-style.ts'
import { type Canvas, draw, type LegendEntry } from './draw.ts'
import type { Markup } from './markup.ts'
import { BAD, INK, MUTED, seriesColor } from './palette.ts'
import type { ArmReport, Report } from './schema.ts'

/** In percent of the expected deliveries. */
function deliveryShare(report: Report, arm: string, key: 'late' | 'lost'): number {
  const all = samplesOf(report, arm).map(({ load }) => load.deliveries)
  const expected = sum(all.map((each) => each.expected))
  return (100 * sum(all.map((each) => each[key]))) / Math.max(1, expected)
}

/** In percent of the due sends and reads. */
function failedShare(report: Report, arm: string): number {
  const all = samplesOf(report, arm).flatMap(({ load }) => [load.sends, load.reads])
  return (100 * sum(all.map(({ errors }) => errors))) / Math.max(1, sum(all.map(({ due }) => due)))
}

export const hasFailures = (report: Report): boolean =>
  report.arms.some(
    ({ name }) =>
      deliveryShare(report, name, 'late') +
        deliveryShare(report, name, 'lost') +
        failedShare(report, name) >
      0,
  )

/** Shares of late, lost and unanswered events for each arm, with the threshold for late ones. */
export function stepsChart(report: Report): Markup {
  const arms = measuredArms(report)
  const limit = report.thresholds.find(
    ({ figure, unit, text }) =>
      unit === 'share' && figure.startsWith('late') && text.includes('at most'),
  )?.threshold
  const bars = [
    {
      name: 'late',
      color: seriesColor(1),
      values: arms.map(({ name }) => deliveryShare(report, name, 'late')),
    },
    {
      name: 'lost',
      color: BAD,
      values: arms.map(({ name }) => deliveryShare(report, name, 'lost')),
    },
    {
      name: 'not answered',
      color: seriesColor(3),
      values: arms.map(({ name }) => failedShare(report, name)),
    },
  ]
  const highest = Math.max(...bars.flatMap(({ values }) => values), (limit ?? 0) * 100)
  const keys = bars.map(({ name, color }): LegendEntry => ({ name, color, shape: 'bar' }))
  if (limit !== undefined)
    keys.push({ name: `late: at most ${limit * 100}%`, color: BAD, shape: 'dashed' })
  return draw('Late, lost and unanswered, by load', keys, (canvas) => ({
    grid: grid(canvas, { bottom: stepsHeight(canvas, arms) }),
    xAxis: stepsAxis(canvas, arms),
    yAxis: yAxis(canvas, '% of what was expected', {
      type: 'value',
      min: 0,
      max: Math.min(100, roundUp(highest * 1.25)),
    }),
    series: [
      ...bars.map(({ name, color, values }, index) => ({
        type: 'bar',
        name,
        silent: true,
        data: values,
        barMaxWidth: 46,
        barMinHeight: 2,
        itemStyle: { color, borderRadius: [3, 3, 0, 0] },
        label: {
          show: !canvas.narrow,
          position: 'top',
          color: INK,
          fontSize: 13,
          formatter: ({ value }: { value: number }) => `${Number(value.toPrecision(2))}%`,
        },
        ...(index === 0 && limit !== undefined ? { markLine: thresholdLine(limit * 100) } : {}),
      })),
    ],
  }))
}

/**
 * Deliveries per second beside the rate that the load would cause if every send were delivered. A
 * gap between the two means that the stage does not keep up.
 */
export function throughputChart(report: Report): Markup {
  const arms = measuredArms(report)
  const perSecond = (
    arm: string,
    read: (load: Report['samples'][number]['load']) => number,
  ): number => {
    const all = samplesOf(report, arm)
    return (
      sum(all.map(({ load }) => read(load))) / Math.max(1, sum(all.map(({ load }) => load.seconds)))
    )
  }
  const due = (arm: string): number =>
    perSecond(arm, ({ guilds }) => sum(guilds.map((guild) => guild.due * guild.sockets)))
  const late = (arm: string): number => perSecond(arm, ({ deliveries }) => deliveries.late)
  const delivered = (arm: string): number =>
    perSecond(arm, ({ deliveries }) => deliveries.delivered)
  const keys: LegendEntry[] = [
    { name: 'delivered on time', color: seriesColor(0), shape: 'bar' },
    { name: 'late', color: BAD, shape: 'bar' },
    { name: 'due', color: INK, shape: 'dotted' },
  ]
  return draw('Deliveries per second, by load', keys, (canvas) => ({
    grid: grid(canvas, { bottom: stepsHeight(canvas, arms) }),
    xAxis: stepsAxis(canvas, arms),
    yAxis: yAxis(canvas, 'deliveries per second', { type: 'value', min: 0 }),
    series: [
      {
        type: 'bar',
        name: 'delivered on time',
        stack: 'all',
        silent: true,
        barMaxWidth: 70,
        data: arms.map(({ name }) => delivered(name) - late(name)),
        itemStyle: { color: seriesColor(0) },
      },
      {
        type: 'bar',
        name: 'late',
        stack: 'all',
        silent: true,
        data: arms.map(({ name }) => late(name)),
        itemStyle: { color: BAD },
      },
      line(INK, {
        name: 'due',
        data: arms.map(({ name }) => due(name)),
        lineStyle: { color: INK, width: 2, type: 'dotted' },
      }),
    ],
  }))
}

const AXIS_LABEL = {
  wide: { fontSize: 14, lineHeight: 18, character: 7.5 },
  narrow: { fontSize: 11, lineHeight: 14, character: 6 },
} as const

const labelStyle = ({ narrow }: Canvas) => AXIS_LABEL[narrow ? 'narrow' : 'wide']

/** The width of one arm's label. */
const labelWidth = (canvas: Canvas, arms: readonly ArmReport[]): number =>
  (canvas.width - (canvas.narrow ? 62 : 104)) / arms.length - 8

/** Room for the longest title, broken into lines, and for the two lines of the load. */
function stepsHeight(canvas: Canvas, arms: readonly ArmReport[]): number {
  const { lineHeight, character } = labelStyle(canvas)
  const longest = Math.max(...arms.map(({ title }) => title.length))
  const lines = Math.ceil((longest * character * 1.2) / labelWidth(canvas, arms))
  return 22 + lineHeight * (lines + 2)
}

function stepsAxis(canvas: Canvas, arms: readonly ArmReport[]): object {
  const { fontSize, lineHeight } = labelStyle(canvas)
  return xAxis(canvas, '', {
    type: 'category',
    data: arms.map(
      ({ title, messagesPerSecond, online }) =>
        `${title}\n${online} online\n${Number(messagesPerSecond.toPrecision(3))} msg/s`,
    ),
    axisTick: { show: false },
    axisLabel: {
      color: MUTED,
      fontSize,
      lineHeight,
      interval: 0,
      width: labelWidth(canvas, arms),
      overflow: 'break',
    },
  })
}

/** Returns the next round number, for the end of an axis. */
function roundUp(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value
}
