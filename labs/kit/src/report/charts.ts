import { mergeLatency } from '../load/latency.ts'
import { LATE_MS, type Latency } from '../load/report.ts'
import { axis, below, fontSize, grid, legend, line, thresholdLine, upright } from './chart-style.ts'
import { draw } from './draw.ts'
import type { Markup } from './markup.ts'
import { BAD, INK, LINE, MUTED, seriesColor } from './palette.ts'
import type { ArmReport, Report } from './schema.ts'

type Kind = 'sends' | 'reads' | 'deliveries'

export const samplesOf = (report: Report, arm: string): Report['samples'] => report.samples.filter((sample) => sample.arm === arm)

/** All rounds of an arm as one curve. */
export const latencyOfArm = (report: Report, arm: string, kind: Kind): Latency =>
  mergeLatency(samplesOf(report, arm).flatMap(({ load }) => load.groups.map((group) => group[kind])))

const measured = (report: Report): ArmReport[] => report.arms.filter((arm) => samplesOf(report, arm.name).length > 0)

/** 0, 90, 99, 99.9 % at equal distances: a tail is not to be squeezed into the last millimetre. */
const nines = (percentile: number, count: number): number => -Math.log10(Math.max(1 - percentile / 100, 1 / Math.max(count, 1)))

const NINES = ['0%', '90%', '99%', '99.9%', '99.99%', '99.999%', '99.9999%']

/** How long it took, for the median and for the unlucky. A previous run's curve is drawn broken, beneath. */
export function percentileChart(report: Report, kind: Kind, previous: Report | undefined): Markup {
  const arms = measured(report)
  return draw('Latency by percentile', (canvas) => ({
    grid: grid(canvas),
    legend: legend(
      canvas,
      arms.map(({ name }) => name),
    ),
    xAxis: below(canvas, 'so many were at least as fast', {
      type: 'value',
      min: 0,
      max: 'dataMax',
      interval: 1,
      axisLabel: { color: MUTED, fontSize: fontSize(canvas), formatter: (value: number) => NINES[value] ?? '', showMaxLabel: false },
    }),
    yAxis: upright(canvas, 'ms', { type: 'log' }),
    series: arms.flatMap(({ name }, index) => {
      const points = curve(latencyOfArm(report, name, kind))
      const before = previous === undefined ? [] : curve(latencyOfArm(previous, name, kind))
      const color = seriesColor(index)
      return [
        ...(before.length === 0
          ? []
          : [line(color, { data: before, symbol: 'none', lineStyle: { color, width: 1.5, type: 'dashed', opacity: 0.7 } })]),
        line(color, { name, data: points, symbolSize: 4 }),
      ]
    }),
  }))
}

const curve = ({ count, curve: points }: Latency): [number, number][] =>
  points.map(([percentile, ms]) => [nines(percentile, count), Math.max(ms, 0.01)])

/** What a lab of load steps is about: of what was owed, how much did not come, or came too late; against what was claimed. */
export function stepsChart(report: Report): Markup {
  const arms = measured(report)
  const most = report.thresholds.find(
    ({ figure, unit, text }) => unit === 'share' && figure.startsWith('late') && text.includes('at most'),
  )?.threshold
  const shareOf = (arm: string, key: 'late' | 'lost'): number => {
    const all = samplesOf(report, arm).map(({ load }) => load.deliveries)
    return (100 * sum(all.map((each) => each[key]))) / Math.max(1, sum(all.map(({ expected }) => expected)))
  }
  const failed = (arm: string): number => {
    const all = samplesOf(report, arm).flatMap(({ load }) => [load.sends, load.reads])
    return (100 * sum(all.map(({ errors }) => errors))) / Math.max(1, sum(all.map(({ due }) => due)))
  }
  const rows = [
    { name: 'late', color: seriesColor(1), values: arms.map(({ name }) => shareOf(name, 'late')) },
    { name: 'lost', color: BAD, values: arms.map(({ name }) => shareOf(name, 'lost')) },
    { name: 'not answered', color: seriesColor(3), values: arms.map(({ name }) => failed(name)) },
  ]
  const highest = Math.max(...rows.flatMap(({ values }) => values), (most ?? 0) * 100)
  return draw('Late, lost and unanswered, by load', (canvas) => ({
    grid: grid(canvas, { bottom: canvas.narrow ? 64 : 76 }),
    legend: legend(
      canvas,
      rows.map(({ name }) => name),
    ),
    xAxis: stepsAxis(canvas, arms),
    yAxis: upright(canvas, '% of what was owed', { type: 'value', min: 0, max: Math.min(100, nice(highest * 1.25)) }),
    series: rows.map(({ name, color, values }, index) => ({
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
      ...(index === 0 && most !== undefined ? { markLine: thresholdLine(canvas, most * 100, `late: at most ${most * 100}%`) } : {}),
    })),
  }))
}

/** Deliveries a second against what the load would come to, were every send answered and delivered: where it bends, the stage no longer keeps up. */
export function throughputChart(report: Report): Markup {
  const arms = measured(report)
  const perSecond = (arm: string, read: (load: Report['samples'][number]['load']) => number): number => {
    const all = samplesOf(report, arm)
    return sum(all.map(({ load }) => read(load))) / Math.max(1, sum(all.map(({ load }) => load.seconds)))
  }
  const due = (arm: string): number => perSecond(arm, ({ guilds }) => sum(guilds.map((guild) => guild.due * guild.sockets)))
  const late = (arm: string): number => perSecond(arm, ({ deliveries }) => deliveries.late)
  const delivered = (arm: string): number => perSecond(arm, ({ deliveries }) => deliveries.delivered)
  return draw('Deliveries a second, by load', (canvas) => ({
    grid: grid(canvas, { bottom: canvas.narrow ? 64 : 76 }),
    legend: legend(canvas, ['delivered on time', 'late', 'due']),
    xAxis: stepsAxis(canvas, arms),
    yAxis: upright(canvas, 'deliveries a second', { type: 'value', min: 0 }),
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

/** One round, second by second: where a fault struck and how long it was felt. */
export function timelineChart(report: Report): Markup {
  const arms = measured(report)
  const seconds = Math.max(...arms.map(({ name }) => samplesOf(report, name)[0]!.load.series.length))
  return draw('Sends answered, second by second', (canvas) => ({
    grid: grid(canvas),
    legend: legend(
      canvas,
      arms.map(({ name }) => name),
    ),
    xAxis: below(canvas, 'second of the load, first round', {
      type: 'category',
      data: Array.from({ length: seconds }, (_, second) => second + 1),
    }),
    yAxis: upright(canvas, 'sends a second: dotted due, drawn answered', { type: 'value', min: 0 }),
    series: arms.flatMap(({ name }, index) => {
      const { series } = samplesOf(report, name)[0]!.load
      const color = seriesColor(index)
      return [
        line(color, { data: series.map(({ due }) => due), symbol: 'none', lineStyle: { color, width: 1.5, type: 'dotted' } }),
        line(color, { name, data: series.map(({ acknowledged }) => acknowledged), symbolSize: 5 }),
      ]
    }),
  }))
}

/** Who had the machine: a stage that has cores to spare is not what sets the limit. */
export function coresChart(report: Report): Markup {
  const arms = measured(report)
  const mean = (arm: string, read: (sample: Report['samples'][number]) => number | null | undefined): number => {
    const values = samplesOf(report, arm).flatMap((sample) => read(sample) ?? [])
    return values.length === 0 ? 0 : sum(values) / values.length
  }
  const users = [
    { name: 'stage', read: (s: Report['samples'][number]) => s.stage?.cores },
    { name: 'engine', read: (s: Report['samples'][number]) => s.engine?.cores },
    { name: 'load generator', read: (s: Report['samples'][number]) => s.load.generator.cores },
    { name: 'others', read: (s: Report['samples'][number]) => s.machine.othersCores },
  ]
  return draw(
    'CPU cores used',
    (canvas) => ({
      grid: grid(canvas, { left: canvas.narrow ? 76 : 110 }),
      legend: legend(
        canvas,
        users.map(({ name }) => name),
      ),
      xAxis: below(canvas, `cores, of ${report.environment.cores}`, {
        type: 'value',
        min: 0,
        max: report.environment.cores,
        splitLine: { lineStyle: { color: LINE, opacity: 0.6 } },
      }),
      yAxis: axis(canvas, '', { type: 'category', data: arms.map(({ name }) => name), inverse: true, axisTick: { show: false } }),
      series: users.map(({ name, read }, index) => ({
        type: 'bar',
        name,
        stack: 'all',
        silent: true,
        barMaxWidth: 34,
        data: arms.map((arm) => Number(mean(arm.name, read).toFixed(3))),
        itemStyle: { color: name === 'others' ? LINE : seriesColor(index) },
      })),
    }),
    { wide: 120 + 52 * arms.length, narrow: 130 + 44 * arms.length },
  )
}

const stepsAxis = (canvas: Parameters<typeof axis>[0], arms: readonly ArmReport[]): object =>
  below(canvas, '', {
    type: 'category',
    data: arms.map(({ name, messagesPerSecond, online }) => `${name}\n${online} online\n${Number(messagesPerSecond.toPrecision(3))} msg/s`),
    axisTick: { show: false },
    axisLabel: { color: MUTED, fontSize: canvas.narrow ? 11 : 14, lineHeight: canvas.narrow ? 14 : 18, interval: 0 },
  })

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

/** The next round number, so that an axis ends where people expect it to. */
function nice(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 2.5, 5, 10].map((step) => step * power).find((step) => step >= value) ?? value
}

export const LATE_TEXT = `more than ${LATE_MS} ms after the send was acknowledged`
