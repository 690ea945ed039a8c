import Link from '@docusaurus/Link'
import type { ReactNode } from 'react'
import { formatValue } from '../../../labs/kit/src/figure.ts'
import type { Recording } from '../labs/lab-data.ts'
import { type Prediction, revealed, scoreAnswer } from './answers.ts'

/** The figures with their thresholds, the prediction beside the outcome, the why, the next lab. */
export function Outcome({
  recording,
  prediction,
}: {
  recording: Recording
  prediction: Prediction
}): ReactNode {
  const { questions, picture, why, code, hypothesis, verdict, next } = recording
  return (
    <div className="player__outcome">
      <div dangerouslySetInnerHTML={{ __html: picture }} />
      <table>
        <caption>Your prediction beside the outcome</caption>
        <thead>
          <tr>
            <th scope="col">Question</th>
            <th scope="col">You</th>
            <th scope="col">Measured</th>
            <th scope="col">Score</th>
          </tr>
        </thead>
        <tbody>
          {questions.map((question, index) => {
            const predicted = prediction.answers[index] ?? null
            return (
              <tr key={question.text}>
                <td>{question.text}</td>
                <td>{predicted === null ? 'passed' : formatValue(question.unit, predicted)}</td>
                <td>{formatValue(question.unit, question.value ?? Number.NaN)}</td>
                <td>{scoreAnswer(question, predicted)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {prediction.reason !== '' && <p>Your reason: {prediction.reason}</p>}
      {questions.map((question, index) => {
        const text = revealed(question, prediction.answers[index] ?? null)
        return text && <p key={question.text}>{text}</p>
      })}
      <h3>Why</h3>
      <p>
        {why} The line:{' '}
        <Link to={`/source/${code.file}#L${code.line}`}>{`${code.file}:${code.line}`}</Link>.
      </p>
      <p>
        Hypothesis: {hypothesis} The verdict of the recorded run is <code>{verdict}</code>.
      </p>
      {next !== null && (
        <p>
          Next:{' '}
          <Link to={next.route}>
            lab {next.id}, {next.title}
          </Link>
        </p>
      )}
    </div>
  )
}
