import type { Report } from '@threshold/lab-kit'
import { dim, green, red, yellow } from './terminal.ts'

type Sample = Report['samples'][number]

/** From best to worst: nothing was due, in time, late, failed or lost. */
const STATES = ['.', 'o', 'l', 'x'] as const
type State = (typeof STATES)[number]

/** Longer loads share a row among several seconds, and more guilds share a cell. */
const MAX_ROWS = 12
const MAX_CELLS = 40

export interface GridRow {
  /** The seconds of the load that the row shows, or `after` for answers that came after it. */
  readonly seconds: string
  /** The worst state of each guild, or of each group of neighbouring guilds. */
  readonly guilds: readonly State[]
  readonly due: number
  readonly acknowledged: number
  readonly errors: number
  readonly late: number
}

/** The load of one trial as a few rows, in the order of time. Empty if its load sent nothing. */
export function gridOf({ load }: Pick<Sample, 'load'>): GridRow[] {
  const seconds = Math.max(0, ...load.guilds.map(({ states }) => states.length))
  if (load.sends.due === 0 || seconds === 0) return []
  const perRow = Math.ceil(seconds / MAX_ROWS)
  const perCell = Math.ceil(load.guilds.length / MAX_CELLS)
  const sumOf = (from: number, to: number) => {
    const tallies = load.series.filter(({ second }) => second >= from && second < to)
    const sum = (key: 'due' | 'acknowledged' | 'errors' | 'late'): number =>
      tallies.reduce((total, tally) => total + tally[key], 0)
    return {
      due: sum('due'),
      acknowledged: sum('acknowledged'),
      errors: sum('errors'),
      late: sum('late'),
    }
  }
  const starts = Array.from({ length: Math.ceil(seconds / perRow) }, (_, row) => row * perRow)
  const rows = starts.map((from) => {
    const to = Math.min(seconds, from + perRow)
    const states = load.guilds.map((guild) => worst(guild.states.slice(from, to)))
    return {
      seconds: to === from + 1 ? `${to}` : `${from + 1}–${to}`,
      guilds: chunk(states, perCell).map((group) => worst(group.join(''))),
      ...sumOf(from, to),
    }
  })
  const after = sumOf(seconds, Number.POSITIVE_INFINITY)
  const quiet = after.acknowledged + after.errors + after.late === 0
  return quiet ? rows : [...rows, { seconds: 'after', guilds: [], ...after }]
}

const worst = (states: string): State => STATES.findLast((state) => states.includes(state)) ?? '.'

const chunk = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) =>
    items.slice(n * size, (n + 1) * size),
  )

const CELLS: Record<State, string> = { '.': dim('·'), o: green('●'), l: yellow('◐'), x: red('×') }

/** Explains the cells once, above the first grid. */
export const LEGEND = `${CELLS.o} in time  ${CELLS.l} late  ${CELLS.x} failed or lost  ${CELLS['.']} nothing was due`

const COUNTS = ['due', 'answered', 'failed', 'late'] as const
const COUNT_WIDTH = 10
const SECONDS_WIDTH = 7

/** The head of the grid's columns. A wide grid has its cells under one word. */
export const gridHead = (rows: readonly GridRow[]): string =>
  `${'second'.padStart(SECONDS_WIDTH)}  ${'guilds'.padEnd(cellsWidth(rows))}${COUNTS.map((name) => name.padStart(COUNT_WIDTH)).join('')}`

export function formatRow(row: GridRow, rows: readonly GridRow[]): string {
  const counts = [row.due, row.acknowledged, row.errors, row.late]
  const padding = ' '.repeat(cellsWidth(rows) - row.guilds.length)
  return `${row.seconds.padStart(SECONDS_WIDTH)}  ${row.guilds.map((state) => CELLS[state]).join('')}${padding}${counts.map((count) => count.toLocaleString('en-US').padStart(COUNT_WIDTH)).join('')}`
}

const cellsWidth = (rows: readonly GridRow[]): number =>
  Math.max('guilds'.length, ...rows.map(({ guilds }) => guilds.length))
