import { mergeLatency } from '../load/latency.ts'
import { LATE_MS, type Latency } from '../load/report.ts'
import { baseAxis, fontSize, grid, line, xAxis, yAxis } from './chart-style.ts'
import { draw, type LegendEntry } from './draw.ts'
import type { Markup } from './markup.ts'
import { LINE, MUTED, seriesColor } from './palette.ts'
import type { ArmReport, Report } from './schema.ts'

type Kind = 'sends' | 'reads' | 'deliveries'

export const samplesOf = (report: Report, arm: string): Report['samples'] =>
  report.samples.filter((sample) => sample.arm === arm)

/** Merges all rounds of an arm. */
export const latencyOfArm = (report: Report, arm: string, kind: Kind): Latency =>
  mergeLatency(
    samplesOf(report, arm).flatMap(({ load }) => load.groups.map((group) => group[kind])),
  )

export const measured = (report: Report): ArmReport[] =>
  report.arms.filter((arm) => samplesOf(report, arm.name).length > 0)

const armKeys = (arms: readonly ArmReport[]): LegendEntry[] =>
  arms.map(({ name }, index) => ({ name, color: seriesColor(index), shape: 'line' }))

/** Maps 0%, 90%, 99% and 99.9% to equal distances, which gives the tail enough room. */
const nines = (percentile: number, count: number): number =>
  -Math.log10(Math.max(1 - percentile / 100, 1 / Math.max(count, 1)))

const NINES = ['0%', '90%', '99%', '99.9%', '99.99%', '99.999%', '99.9999%']

/** Latency by percentile. A previous run is a dashed curve. */
export function percentileChart(report: Report, kind: Kind, previous: Report | undefined): Markup {
  const arms = measured(report)
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
 * The first round second by second. It shows when a fault struck and how long its effect lasted.
 */
export function timelineChart(report: Report): Markup {
  const arms = measured(report)
  // Answers after the last second have no due sends beside them and would look like a drop.
  const during = (arm: string) => {
    const { series, seconds } = samplesOf(report, arm)[0]!.load
    return series.filter(({ second }) => second < seconds)
  }
  const seconds = Math.max(...arms.map(({ name }) => during(name).length))
  return draw('Sends answered, second by second', armKeys(arms), (canvas) => ({
    grid: grid(canvas),
    xAxis: xAxis(canvas, 'second of the load, first round', {
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

/** CPU by process. A stage with cores to spare is not the bottleneck. */
export function coresChart(report: Report): Markup {
  const arms = measured(report)
  const mean = (
    arm: string,
    read: (sample: Report['samples'][number]) => number | null | undefined,
  ): number => {
    const values = samplesOf(report, arm).flatMap((sample) => read(sample) ?? [])
    return values.length === 0 ? 0 : sum(values) / values.length
  }
  const users = [
    { name: 'stage', read: (s: Report['samples'][number]) => s.stage.cores },
    { name: 'engine', read: (s: Report['samples'][number]) => s.engine?.cores },
    { name: 'load generator', read: (s: Report['samples'][number]) => s.load.generator.cores },
    { name: 'others', read: (s: Report['samples'][number]) => s.machine.othersCores },
  ]
  const colorOf = (index: number): string =>
    index === users.length - 1 ? LINE : seriesColor(index)
  return draw(
    'CPU cores used',
    users.map(({ name }, index): LegendEntry => ({ name, color: colorOf(index), shape: 'bar' })),
    (canvas) => ({
      grid: grid(canvas, { left: canvas.narrow ? 96 : 124, top: 10 }),
      xAxis: xAxis(canvas, `cores, of ${report.environment.cores}`, {
        type: 'value',
        min: 0,
        max: report.environment.cores,
        splitLine: { lineStyle: { color: LINE, opacity: 0.6 } },
      }),
      yAxis: baseAxis(canvas, '', {
        type: 'category',
        data: arms.map(({ name }) => name),
        inverse: true,
        axisTick: { show: false },
      }),
      series: users.map(({ name, read }, index) => ({
        type: 'bar',
        name,
        stack: 'all',
        silent: true,
        barMaxWidth: 34,
        data: arms.map((arm) => Number(mean(arm.name, read).toFixed(3))),
        itemStyle: { color: colorOf(index) },
      })),
    }),
    { wide: 76 + 52 * arms.length, narrow: 70 + 44 * arms.length },
  )
}

export const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0)

export const LATE_TEXT = `more than ${LATE_MS} ms after the send was acknowledged`
