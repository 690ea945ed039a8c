import { LATE_MS, type Latency } from '../load/report.ts'
import { type LatencyKind, latencyOfArm, measuredArms, samplesOf } from './arm-samples.ts'
import { fontSize, grid, line, xAxis, yAxis } from './chart-style.ts'
import { draw, type LegendEntry } from './draw.ts'
import type { Markup } from './markup.ts'
import { MUTED, seriesColor } from './palette.ts'
import type { ArmReport, Report } from './schema.ts'

const armKeys = (arms: readonly ArmReport[]): LegendEntry[] =>
  arms.map(({ title }, index) => ({ name: title, color: seriesColor(index), shape: 'line' }))

/** Maps 0%, 90%, 99% and 99.9% to equal distances, which gives the tail enough room. */
const nines = (percentile: number, count: number): number =>
  -Math.log10(Math.max(1 - percentile / 100, 1 / Math.max(count, 1)))

const NINES = ['0%', '90%', '99%', '99.9%', '99.99%', '99.999%', '99.9999%']

/** Latency by percentile. A previous run is a dashed curve. */
export function percentileChart(
  report: Report,
  kind: LatencyKind,
  previous: Report | undefined,
): Markup {
  const arms = measuredArms(report)
  const keys = armKeys(arms)
  if (previous !== undefined) keys.push({ name: 'previous run', color: MUTED, shape: 'dashed' })
  return draw('Latency by percentile', keys, (canvas) => ({
    grid: grid(canvas),
    xAxis: xAxis(canvas, 'share that was at least as fast', {
      type: 'value',
      min: 0,
      max: 'dataMax',
      interval: 1,
      axisLabel: {
        color: MUTED,
        fontSize: fontSize(canvas),
        formatter: (value: number) => NINES[value] ?? '',
        showMaxLabel: false,
      },
    }),
    yAxis: yAxis(canvas, 'ms', { type: 'log' }),
    series: arms.flatMap(({ name }, index) => {
      const points = curve(latencyOfArm(report, name, kind))
      const before = previous === undefined ? [] : curve(latencyOfArm(previous, name, kind))
      const color = seriesColor(index)
      return [
        ...(before.length === 0
          ? []
          : [
              line(color, {
                data: before,
                symbol: 'none',
                lineStyle: { color, width: 1.5, type: 'dashed', opacity: 0.7 },
              }),
            ]),
        line(color, { name, data: points, symbolSize: 4 }),
      ]
    }),
  }))
}

const curve = ({ count, curve: points }: Latency): [number, number][] =>
  points.map(([percentile, ms]) => [nines(percentile, count), Math.max(ms, 0.01)])

/**
 * The last round second by second. It shows when a fault struck and how long its effect lasted.
 */
export function timelineChart(report: Report): Markup {
  const arms = measuredArms(report)
  // Answers after the last second have no due sends beside them and would look like a drop.
  const during = (arm: string) => {
    const { series, seconds } = samplesOf(report, arm).at(-1)!.load
    return series.filter(({ second }) => second < seconds)
  }
  const seconds = Math.max(...arms.map(({ name }) => during(name).length))
  return draw('Sends answered, second by second', armKeys(arms), (canvas) => ({
    grid: grid(canvas),
    xAxis: xAxis(canvas, 'second of the load, last round', {
      type: 'category',
      data: Array.from({ length: seconds }, (_, second) => second + 1),
    }),
    yAxis: yAxis(canvas, 'sends per second: dotted due, solid answered', { type: 'value', min: 0 }),
    series: arms.flatMap(({ name }, index) => {
      const series = during(name)
      const color = seriesColor(index)
      return [
        line(color, {
          data: series.map(({ due }) => due),
          symbol: 'none',
          lineStyle: { color, width: 1.5, type: 'dotted' },
        }),
        line(color, { name, data: series.map(({ acknowledged }) => acknowledged), symbolSize: 5 }),
      ]
    }),
  }))
}

export const LATE_TEXT = `more than ${LATE_MS} ms after the send was acknowledged`
