import type { ReactNode } from 'react'
import type { RecordedArm } from '../labs/lab-data.ts'
import { GridLegend, GuildGrid } from './guild-grid.tsx'
import type { Playback } from './use-playback.ts'

interface GridsProps {
  readonly arms: readonly RecordedArm[]
  readonly seconds: number
  readonly playback: Playback
}

/** The guilds of every arm side by side, in the same second, with the controls of the playback. */
export function Grids({ arms, seconds, playback }: GridsProps): ReactNode {
  const { second, playing, seek, play, pause } = playback
  return (
    <div className="player__grids">
      <div className="player__controls">
        <button
          type="button"
          className="button button--primary button--sm"
          onClick={playing ? pause : play}
        >
          {playing ? 'Pause' : second >= seconds ? 'Play again' : 'Play'}
        </button>
        <label>
          Second
          <input
            type="range"
            min={0}
            max={seconds}
            value={second}
            onChange={({ target }) => seek(Number(target.value))}
          />
        </label>
        <span className="player__second">
          {second} of {seconds}
        </span>
      </div>
      <div className="player__arms">
        {arms.map((arm) => (
          <GuildGrid key={arm.name} arm={arm} second={second} />
        ))}
      </div>
      <GridLegend />
    </div>
  )
}
