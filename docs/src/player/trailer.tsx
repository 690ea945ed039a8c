import Link from '@docusaurus/Link'
import { type ReactNode, useEffect, useRef } from 'react'
import type { Recording } from '../labs/lab-data.ts'
import { Grids } from './grids.tsx'
import { Provenance } from './provenance.tsx'
import { secondsOf } from './seconds.ts'
import { usePlayback } from './use-playback.ts'

/** Plays the arm of a recorded run that broke, once and unasked, on the first page of the site. */
export function Trailer({ data }: { data: string }): ReactNode {
  const recording = JSON.parse(data) as Recording
  const { arms, lab, question } = recording
  const arm = arms[0]!
  const seconds = secondsOf(arm.guilds)
  const playback = usePlayback(seconds)
  const start = useRef(playback.play)
  useEffect(() => start.current(), [])
  return (
    <section className="player player--trailer" aria-label="A recorded run">
      <div>
        <p className="player__question">{question}</p>
        <Provenance {...recording} />
        <p>
          <Link to={lab.route}>
            Lab {lab.id}: {lab.title}
          </Link>{' '}
          lets you predict the numbers, and says why.
        </p>
      </div>
      <Grids arms={[arm]} seconds={seconds} playback={playback} />
    </section>
  )
}
