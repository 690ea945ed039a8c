import { fontSize, grid, line, xAxis, yAxis } from './chart-style.ts'
import { svg, WIDE } from './draw.ts'
import { INK, seriesColor } from './palette.ts'
import { COLORS } from './style.ts'

export interface Curve {
  readonly name: string
  readonly dashed?: boolean
  /** Index into the palette. Curves of one kind share a colour. */
  readonly color: number
  /** Pairs of size and cost. */
  readonly points: readonly (readonly [number, number])[]
}

/**
 * Draws cost against size as a stand-alone SVG with its own colours and fonts. The size axis is
 * logarithmic; a cost that does not depend on size is a horizontal line.
 */
export function curvesBySize(axes: { x: string; y: string }, curves: readonly Curve[]): string {
  const drawn = svg(
    (canvas) => ({
      grid: grid(canvas, { right: 190 }),
      xAxis: xAxis(canvas, axes.x, { type: 'log', min: 'dataMin', max: 'dataMax' }),
      yAxis: yAxis(canvas, axes.y, { type: 'value', min: 0 }),
      series: curves.map(({ name, dashed, color: index, points }) => {
        const color = seriesColor(index)
        return line(color, {
          name,
          data: points.map((point) => [...point]),
          lineStyle: { color, width: 2.5, ...(dashed ? { type: 'dashed' } : {}) },
          endLabel: {
            show: true,
            formatter: name,
            color: INK,
            fontSize: fontSize(canvas),
            distance: 10,
          },
          labelLayout: { moveOverlap: 'shiftY' },
        })
      }),
    }),
    WIDE,
  )
  return drawn.replace(
    /<svg [^>]*>/,
    (tag) =>
      `${tag}<style>${COLORS} svg { background: var(--surface); } text { font-family: var(--sans); }</style>`,
  )
}
