import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, MarkLineComponent } from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { html, type Markup, raw } from './markup.ts'
import { toCssVariables } from './palette.ts'

use([BarChart, LineChart, GridComponent, MarkLineComponent, SVGRenderer])

/** The size that a chart is drawn for. Scaled down to a phone, a wide chart would be illegible. */
export interface Canvas {
  readonly width: number
  readonly height: number
  readonly narrow: boolean
}

export const WIDE: Canvas = { width: 960, height: 400, narrow: false }
const NARROW: Canvas = { width: 360, height: 340, narrow: true }

/** An entry of the legend, which is HTML so that it wraps on narrow screens. */
export interface LegendEntry {
  readonly name: string
  readonly color: string
  readonly shape: 'bar' | 'line' | 'dashed' | 'dotted'
}

/** Draws the chart for a projector and for a phone. The page shows one of them. */
export function draw(
  label: string,
  keys: readonly LegendEntry[],
  options: (canvas: Canvas) => EChartsCoreOption,
  height: { wide?: number; narrow?: number } = {},
): Markup {
  const wide = svg(options, { ...WIDE, height: height.wide ?? WIDE.height })
  const narrow = svg(options, { ...NARROW, height: height.narrow ?? NARROW.height })
  const legend = keys.map(
    ({ name, color, shape }) =>
      html`<li><i class="${shape}" style="color:${toCssVariables(color)}"></i>${name}</li>`,
  )
  return html`<ul class="legend">${legend}</ul><div class="wide" role="img" aria-label="${label}">${raw(wide)}</div>
<div class="narrow" role="img" aria-label="${label}">${raw(narrow)}</div>`
}

export function svg(options: (canvas: Canvas) => EChartsCoreOption, canvas: Canvas): string {
  const { width, height } = canvas
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({ animation: false, textStyle: { fontFamily: 'inherit' }, ...options(canvas) })
    const drawn = chart.renderToSVGString({ useViewBox: true })
    // The picture fills its container and inherits the page's font.
    return toCssVariables(
      drawn
        .replace(/<svg width="[^"]*" height="[^"]*"/, '<svg width="100%"')
        .replaceAll('font-family:inherit;', ''),
    )
  } finally {
    chart.dispose()
  }
}
