import type { ReactNode } from 'react'
import type { RecordedArm } from '../labs/lab-data.ts'
import { secondsOf, spansOf, spanText, tally, tallyText } from './seconds.ts'

/** Width of the drawing in its own units. The page scales it. */
const WIDTH = 400
const LABELS = 62
const MAX_ROWS = 40

const NAMES: Readonly<Record<string, string>> = { o: 'fine', l: 'late', x: 'failed' }

/**
 * One row for each guild and one column for each second, up to the second that is shown. The states
 * differ in shape as well as in colour, and the same facts follow as text.
 */
export function GuildGrid({ arm, second }: { arm: RecordedArm; second: number }): ReactNode {
  const { guilds, title, fault, intervention, stage, stageTitle, load } = arm
  const seconds = secondsOf(guilds)
  const rows = guilds.slice(0, MAX_ROWS)
  const width = (WIDTH - LABELS) / Math.max(seconds, 1)
  const height = rows.length > 20 ? 10 : rows.length > 10 ? 14 : 18
  const cells = rows.flatMap(({ states }, row) =>
    [...states.slice(0, second)].map((state, column) => (
      <Cell
        key={`${row}:${column}`}
        state={state}
        x={LABELS + column * width}
        y={row * height}
        width={width - 2}
        height={height - 2}
      />
    )),
  )
  const shown = guilds.map(({ group, states }) => ({ group, states: states.slice(0, second) }))
  return (
    <figure className="guild-grid">
      <figcaption>
        <strong>{title}</strong> · stage {stage}, {stageTitle}
        <small>{[load, fault, intervention].filter(Boolean).join(' · ')}</small>
      </figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${rows.length * height + 20}`}
        role="img"
        aria-label={`${title}: ${spansOf(shown).map(spanText).join('; ') || 'not played yet'}`}
      >
        {rows.map(({ group }, row) => (
          <g key={`guild ${row + 1} of ${group}`}>
            <rect
              className="guild-grid__row"
              x={LABELS}
              y={row * height}
              width={WIDTH - LABELS - 2}
              height={height - 2}
              rx="3"
            />
            {(rows.length <= 20 || row % 5 === 0) && (
              <text x="0" y={row * height + height / 2 + 3}>
                guild {row + 1}
              </text>
            )}
          </g>
        ))}
        {cells}
        <text x={LABELS} y={rows.length * height + 15}>
          second 1
        </text>
        <text x={WIDTH - 2} y={rows.length * height + 15} textAnchor="end">
          {seconds}
        </text>
      </svg>
      <p className="guild-grid__now">
        {second === 0
          ? 'Not played yet'
          : `Second ${second}: ${tallyText(tally(guilds, second - 1))}`}
        {guilds.length > MAX_ROWS && ` (the first ${MAX_ROWS} of ${guilds.length} are drawn)`}
      </p>
    </figure>
  )
}

interface CellProps {
  readonly state: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A full bar is fine, a half bar is late, a crossed bar failed. A silent second is empty. */
function Cell({ state, x, y, width, height }: CellProps): ReactNode {
  const name = NAMES[state]
  if (name === undefined) return null
  const top = state === 'l' ? y + height / 2 : y
  const middle = x + width / 2
  const arm = Math.min(width, height) / 2 - 2
  const center = y + height / 2
  return (
    <g className={`guild-grid__cell guild-grid__cell--${name}`}>
      <rect x={x} y={top} width={width} height={state === 'l' ? height / 2 : height} rx="3" />
      {state === 'x' && arm > 1 && (
        <path
          d={`M${middle - arm} ${center - arm}l${2 * arm} ${2 * arm}m0 ${-2 * arm}l${-2 * arm} ${2 * arm}`}
        />
      )}
    </g>
  )
}

export function GridLegend(): ReactNode {
  const states = [
    ['o', 'every message arrived in time'],
    ['l', 'a message was late'],
    ['x', 'a message failed or was lost'],
  ] as const
  return (
    <ul className="guild-grid__legend">
      {states.map(([state, meaning]) => (
        <li key={state}>
          <svg viewBox="0 0 22 16" width="22" height="16" aria-hidden="true">
            <Cell state={state} x={0} y={0} width={20} height={16} />
          </svg>
          {meaning}
        </li>
      ))}
    </ul>
  )
}
