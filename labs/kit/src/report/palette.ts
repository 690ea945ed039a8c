/*
 * ECharts does not accept CSS variables, but the page needs them for light and dark mode. Charts
 * are drawn with placeholder colours, which are replaced by the variables afterwards.
 */
const PLACEHOLDERS = {
  '#010101': 'var(--text)',
  '#020202': 'var(--muted)',
  '#030303': 'var(--line)',
  '#040404': 'var(--bad)',
  '#050505': 'var(--surface)',
  '#110101': 'var(--c1)',
  '#110202': 'var(--c2)',
  '#110303': 'var(--c3)',
  '#110404': 'var(--c4)',
  '#110505': 'var(--c5)',
  '#110606': 'var(--c6)',
} as const

export const INK = '#010101'
export const MUTED = '#020202'
export const LINE = '#030303'
export const BAD = '#040404'
export const SURFACE = '#050505'
const SERIES = ['#110101', '#110202', '#110303', '#110404', '#110505', '#110606'] as const

export const seriesColor = (index: number): string => SERIES[index % SERIES.length]!

export const toCssVariables = (svg: string): string =>
  Object.entries(PLACEHOLDERS).reduce(
    (text, [placeholder, variable]) => text.replaceAll(placeholder, variable),
    svg,
  )
