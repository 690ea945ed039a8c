import { measuredArms, samplesOf, sum } from './arm-samples.ts'
import { baseAxis, grid, xAxis } from './chart-style.ts'
import { draw, type LegendEntry } from './draw.ts'
import type { Markup } from './markup.ts'
import { LINE, MUTED, seriesColor } from './palette.ts'
import type { Report } from './schema.ts'

type Sample = Report['samples'][number]

const USERS: readonly { name: string; read: (sample: Sample) => number | null | undefined }[] = [
  { name: 'stage', read: ({ stage }) => stage.cores },
  { name: 'engine', read: ({ engine }) => engine?.cores },
  { name: 'load generator', read: ({ load }) => load.generator.cores },
  { name: 'others', read: ({ machine }) => machine.othersCores },
]

/** Mean over all rounds; 0 if it was not measured. */
function meanCores(report: Report, arm: string, user: (typeof USERS)[number]): number {
  const values = samplesOf(report, arm).flatMap((sample) => user.read(sample) ?? [])
  return values.length === 0 ? 0 : sum(values) / values.length
}

export const usesCpu = (report: Report): boolean =>
  report.arms.some(({ name }) => USERS.some((user) => meanCores(report, name, user) > 0))

/** CPU by process. A stage with cores to spare is not the bottleneck. */
export function coresChart(report: Report): Markup {
  const arms = measuredArms(report)
  const colorOf = (index: number): string =>
    index === USERS.length - 1 ? LINE : seriesColor(index)
  return draw(
    'CPU cores used',
    USERS.map(({ name }, index): LegendEntry => ({ name, color: colorOf(index), shape: 'bar' })),
    (canvas) => ({
      grid: grid(canvas, { left: canvas.narrow ? 104 : 190, top: 10 }),
      xAxis: xAxis(canvas, `cores, of ${report.environment.cores}`, {
        type: 'value',
        min: 0,
        max: report.environment.cores,
        splitLine: { lineStyle: { color: LINE, opacity: 0.6 } },
      }),
      yAxis: baseAxis(canvas, '', {
        type: 'category',
        data: arms.map(({ title }) => title),
        inverse: true,
        axisTick: { show: false },
        axisLabel: {
          color: MUTED,
          fontSize: canvas.narrow ? 11 : 14,
          width: canvas.narrow ? 92 : 176,
          overflow: 'break',
        },
      }),
      series: USERS.map((user, index) => ({
        type: 'bar',
        name: user.name,
        stack: 'all',
        silent: true,
        barMaxWidth: 34,
        data: arms.map(({ name }) => Number(meanCores(report, name, user).toFixed(3))),
        itemStyle: { color: colorOf(index) },
      })),
    }),
    { wide: 76 + 52 * arms.length, narrow: 70 + 48 * arms.length },
  )
}
