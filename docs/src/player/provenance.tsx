import type { ReactNode } from 'react'
import type { Recording } from '../labs/lab-data.ts'

/** Says that nothing is measured here, and where it was. */
export function Provenance({ startedAt, engine, machine }: Recording): ReactNode {
  return (
    <p className="player__provenance">
      <strong>Recorded run</strong> of <time dateTime={startedAt}>{startedAt.slice(0, 10)}</time> on{' '}
      {engine}, {machine}. Nothing runs on your machine.
    </p>
  )
}
