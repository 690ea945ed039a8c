import { hasCode } from '@threshold/kit'
import { REPOSITORY } from '../src/labs.ts'
import { type Measure, measure } from '../src/measure.ts'
import { planArms } from '../src/plan.ts'
import type { Prediction } from '../src/predict/question.ts'
import { playRecording } from '../src/recording/recording.ts'
import { buildReport } from '../src/report/build.ts'
import { locateCode } from '../src/report/headline.ts'
import type { Report } from '../src/report/schema.ts'
import { readEnvironment } from '../src/run/environment.ts'
import type { Lab } from '../src/spec.ts'
import { ENGINE, sampleOf } from './sample.ts'

/** A wrong answer to every question, and a reason as long as the first screen shows. */
const wrongPrediction = ({ predict }: Lab): Prediction => ({
  answers: predict.map(({ wrongAnswers: [{ answer }] }) =>
    typeof answer === 'number' ? answer : answer[1],
  ),
  reason: 'I think the stage copes, '.repeat(6).trim(),
})

/** The lab's recorded run. A lab without one gets invented figures, with the lab's own wording. */
export async function reportOfLab(lab: Lab): Promise<Report> {
  const prediction = wrongPrediction(lab)
  try {
    return await playRecording(lab, prediction)
  } catch (error) {
    if (!hasCode(error, 'NO_RECORDING', 'RECORDING_OUTDATED')) throw error
    return await inventedReport(lab, prediction)
  }
}

/** Every figure is large where the lab says that the stage breaks, and small elsewhere. */
async function inventedReport(lab: Lab, prediction: Prediction): Promise<Report> {
  const invented = Object.entries(lab.measure).map(([name, { unit, text }]): [string, Measure] => [
    name,
    measure(unit, text, ({ arm }) => {
      const value = lab.arms[arm]?.breaks === true ? 123_456 : 12
      return unit === 'share' ? value / 200_000 : value
    }),
  ])
  const arms = planArms(lab, 'quick', false)
  const report = await buildReport({
    lab: { ...lab, measure: Object.fromEntries(invented), notes: () => [] },
    arms,
    size: 'quick',
    control: false,
    demo: false,
    recorded: false,
    prediction,
    environment: readEnvironment(),
    started: new Date('2026-01-01T10:00:00.000Z'),
    seconds: 42,
    stages: [],
    definition: '',
    code: await locateCode(REPOSITORY, lab),
    rounds: {
      samples: arms.map(({ name }) => sampleOf(name, 1)),
      discarded: [],
      problems: [],
    },
    engineLabels: new Map(arms.map(({ name }) => [name, ENGINE])),
  })
  return {
    ...report,
    verdict: 'supported',
    arms: report.arms.map((arm) => ({ ...arm, status: arm.breaks ? 'broke' : 'held' })),
  }
}
