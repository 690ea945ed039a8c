import { fontSize, grid, line, xAxis, yAxis } from './chart-style.ts'
import { svg, WIDE } from './draw.ts'
import { INK, seriesColor } from './palette.ts'
import { COLORS } from './style.ts'

export interface Curve {
  readonly name: string
  readonly broken?: boolean
  /** Curves of one kind share a colour. */
  readonly color: number
  /** Size, and what it costs. */
  readonly points: readonly (readonly [number, number])[]
}

/**
 * Cost against size, in a file of its own that any page may show: it brings the colours and letters
 * that a report's page would give it. Sizes stand at equal distances for each tenfold, so that a
 * cost which does not depend on them is a level line.
 */
export function curvesBySize(axes: { x: string; y: string }, curves: readonly Curve[]): string {
  const drawn = svg(
    (canvas) => ({
      grid: grid(canvas, { right: 190 }),
      xAxis: xAxis(canvas, axes.x, { type: 'log', min: 'dataMin', max: 'dataMax' }),
      yAxis: yAxis(canvas, axes.y, { type: 'value', min: 0 }),
      series: curves.map(({ name, broken, color: index, points }) => {
        const color = seriesColor(index)
        return line(color, {
          name,
          data: points.map((point) => [...point]),
          lineStyle: { color, width: 2.5, ...(broken ? { type: 'dashed' } : {}) },
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
      `${tag}<style>${COLORS} svg { background: var(--surface); } text { font-family: system-ui, sans-serif; }</style>`,
  )
}
