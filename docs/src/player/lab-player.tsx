import { type ReactNode, useRef, useState } from 'react'
import type { Recording } from '../labs/lab-data.ts'
import type { Prediction } from './answers.ts'
import { Grids } from './grids.tsx'
import { Outcome } from './outcome.tsx'
import { PredictForm } from './predict-form.tsx'
import { Provenance } from './provenance.tsx'
import { secondsOf } from './seconds.ts'
import { usePlayback } from './use-playback.ts'

/**
 * Plays the recorded run of a lab: the reader predicts, watches the guilds second by second, and
 * then compares. Nothing that answers a question is shown before the prediction.
 */
export function LabPlayer({ data }: { data: string }): ReactNode {
  const recording = JSON.parse(data) as Recording
  const { arms, questions, lab } = recording
  const seconds = Math.max(...arms.map(({ guilds }) => secondsOf(guilds)))
  const playback = usePlayback(seconds)
  const [prediction, setPrediction] = useState<Prediction>()
  const [finished, setFinished] = useState(false)
  const player = useRef<HTMLElement>(null)
  if (!finished && prediction !== undefined && playback.second >= seconds) setFinished(true)

  function commit(committed: Prediction): void {
    setPrediction(committed)
    // The form with the focus is removed, and a keyboard continues from the player.
    player.current?.focus()
    playback.play()
  }

  return (
    <section
      ref={player}
      className="player"
      tabIndex={-1}
      aria-label={`Recorded run of lab ${lab.id}`}
    >
      <Provenance {...recording} />
      {prediction === undefined ? (
        <PredictForm questions={questions} onCommit={commit} />
      ) : (
        <Grids arms={arms} seconds={seconds} playback={playback} />
      )}
      <p className="player__sentence" aria-live="polite">
        {finished && recording.sentence}
      </p>
      {finished && <Outcome recording={recording} prediction={prediction!} />}
    </section>
  )
}
