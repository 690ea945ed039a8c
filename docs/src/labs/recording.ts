import { claimBars } from '../../../labs/kit/src/report/claim-bars.ts'
import { brokenFirst, claimPicture } from '../../../labs/kit/src/report/claim-picture.ts'
import type { Report } from '../../../labs/kit/src/report/schema.ts'
import type { RecordedArm, Recording } from './lab-data.ts'

/**
 * Reduces the report of a recorded run to what the player shows. Figures and guilds are those of
 * the last round, as in the report's own sentence.
 *
 * @param routeOf the address of a lab's page
 */
export function recordingOf(report: Report, routeOf: (lab: string) => string): Recording {
  const { lab, headline, questions, next, environment, startedAt, verdict } = report
  const engine = [...new Set(report.arms.flatMap((arm) => arm.engine?.text ?? []))].join('; ')
  return {
    lab: { id: lab.id, title: lab.title, route: routeOf(lab.id) },
    startedAt,
    engine,
    machine: environment.text,
    question: lab.question,
    hypothesis: lab.hypothesis,
    questions,
    verdict,
    sentence: headline.sentence,
    why: headline.why,
    code: headline.code,
    picture: claimBars(claimPicture(report), engine)?.markup ?? '',
    arms: armsOf(report),
    next: next === null ? null : { id: next.id, title: next.title, route: routeOf(next.id) },
  }
}

/** The arms, with those that broke first. */
function armsOf({ arms, samples }: Report): RecordedArm[] {
  const round = Math.max(...samples.map((sample) => sample.round))
  return brokenFirst(
    arms.map(
      ({
        name,
        title,
        breaks,
        status,
        stage,
        stageTitle,
        load,
        fault,
        intervention,
      }): RecordedArm => ({
        name,
        title,
        breaks,
        status,
        stage,
        stageTitle,
        load,
        ...(fault === undefined ? {} : { fault }),
        ...(intervention === undefined ? {} : { intervention }),
        guilds: (
          samples.find((sample) => sample.arm === name && sample.round === round)?.load.guilds ?? []
        ).map(({ group, states }) => ({ group, states })),
      }),
    ),
  )
}
