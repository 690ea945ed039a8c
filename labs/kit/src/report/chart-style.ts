import type { Canvas } from './draw.ts'
import { BAD, INK, LINE, MUTED, SURFACE } from './palette.ts'

/** What all charts share: letters large enough for the last row, few lines, one legend at the top. */
export const fontSize = ({ narrow }: Canvas): number => (narrow ? 12 : 15)

export const grid = (canvas: Canvas, change: object = {}): object => ({
  left: canvas.narrow ? 48 : 72,
  right: canvas.narrow ? 14 : 32,
  top: canvas.narrow ? 68 : 72,
  bottom: canvas.narrow ? 48 : 56,
  ...change,
})

export const legend = (canvas: Canvas, names: readonly string[], change: object = {}): object => ({
  data: names,
  left: canvas.narrow ? 8 : 64,
  top: 0,
  itemGap: canvas.narrow ? 10 : 22,
  itemWidth: 22,
  textStyle: { color: INK, fontSize: fontSize(canvas) },
  inactiveColor: MUTED,
  ...change,
})

export function axis(canvas: Canvas, name: string, change: object = {}): object {
  const size = fontSize(canvas)
  return {
    name,
    nameLocation: 'middle',
    nameTextStyle: { color: MUTED, fontSize: size },
    axisLabel: { color: MUTED, fontSize: size, hideOverlap: true },
    axisLine: { lineStyle: { color: LINE } },
    axisTick: { lineStyle: { color: LINE } },
    splitLine: { lineStyle: { color: LINE, opacity: 0.6 } },
    ...change,
  }
}

/** A vertical axis says its name above itself, where it can be read without turning one's head. */
export const upright = (canvas: Canvas, name: string, change: object = {}): object =>
  axis(canvas, name, {
    nameLocation: 'end',
    nameTextStyle: { color: MUTED, fontSize: fontSize(canvas), align: 'left', padding: [0, 0, 2, canvas.narrow ? -40 : -60] },
    axisLine: { show: false },
    axisTick: { show: false },
    ...change,
  })

export const below = (canvas: Canvas, name: string, change: object = {}): object =>
  axis(canvas, name, { nameGap: canvas.narrow ? 30 : 34, splitLine: { show: false }, ...change })

export const line = (color: string, change: object = {}): object => ({
  type: 'line',
  silent: true,
  symbol: 'circle',
  symbolSize: 7,
  lineStyle: { color, width: 2.5 },
  itemStyle: { color, borderColor: SURFACE, borderWidth: 1.5 },
  ...change,
})

const BROKEN = { color: BAD, width: 2, type: 'dashed' } as const

/** What was claimed, across the whole chart. */
export const thresholdLine = (at: number): object => ({
  silent: true,
  symbol: 'none',
  lineStyle: BROKEN,
  label: { show: false },
  data: [{ yAxis: at }],
})

/** Its entry in the legend, where no bar can cover the words. */
export const thresholdEntry = (name: string): object => ({
  type: 'line',
  name,
  data: [],
  symbol: 'none',
  lineStyle: BROKEN,
  itemStyle: { color: BAD },
})
