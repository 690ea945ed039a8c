import type { Canvas } from './draw.ts'
import { BAD, LINE, MUTED, SURFACE } from './palette.ts'

/** Large enough to read from the last row of a room. */
export const fontSize = ({ narrow }: Canvas): number => (narrow ? 12 : 15)

export const grid = (canvas: Canvas, change: object = {}): object => ({
  left: canvas.narrow ? 48 : 72,
  right: canvas.narrow ? 14 : 32,
  top: canvas.narrow ? 30 : 38,
  bottom: canvas.narrow ? 48 : 56,
  ...change,
})

export function baseAxis(canvas: Canvas, name: string, change: object = {}): object {
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

/** Puts the name of the vertical axis above it, horizontally, where it is easy to read. */
export const yAxis = (canvas: Canvas, name: string, change: object = {}): object =>
  baseAxis(canvas, name, {
    nameLocation: 'end',
    nameTextStyle: {
      color: MUTED,
      fontSize: fontSize(canvas),
      align: 'left',
      padding: [0, 0, 2, canvas.narrow ? -40 : -60],
    },
    axisLine: { show: false },
    axisTick: { show: false },
    ...change,
  })

export const xAxis = (canvas: Canvas, name: string, change: object = {}): object =>
  baseAxis(canvas, name, {
    nameGap: canvas.narrow ? 30 : 34,
    splitLine: { show: false },
    ...change,
  })

export const line = (color: string, change: object = {}): object => ({
  type: 'line',
  silent: true,
  symbol: 'circle',
  symbolSize: 7,
  lineStyle: { color, width: 2.5 },
  itemStyle: { color, borderColor: SURFACE, borderWidth: 1.5 },
  ...change,
})

/** A dashed line at the threshold across the whole chart. */
export const thresholdLine = (at: number): object => ({
  silent: true,
  symbol: 'none',
  lineStyle: { color: BAD, width: 2, type: 'dashed' },
  label: { show: false },
  data: [{ yAxis: at }],
})
