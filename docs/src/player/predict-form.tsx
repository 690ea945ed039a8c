import { type FormEvent, type ReactNode, useId, useState } from 'react'
import type { Recording } from '../labs/lab-data.ts'
import { checkForm, expectedAnswer, type Prediction, passed } from './answers.ts'

interface PredictFormProps {
  readonly questions: Recording['questions']
  onCommit(prediction: Prediction): void
}

/** Asks for one number for each question and one sentence of reason, or a pass. */
export function PredictForm({ questions, onCommit }: PredictFormProps): ReactNode {
  const id = useId()
  const [typed, setTyped] = useState<readonly string[]>(questions.map(() => ''))
  const [reason, setReason] = useState('')
  const [problems, setProblems] = useState<readonly (string | undefined)[]>([])
  const [reasonProblem, setReasonProblem] = useState<string>()

  function commit(event: FormEvent): void {
    event.preventDefault()
    const checked = checkForm(questions, typed, reason)
    if ('prediction' in checked) {
      onCommit(checked.prediction)
      return
    }
    setProblems(checked.problems)
    setReasonProblem(checked.reason)
  }

  return (
    <form className="player__form" onSubmit={commit} noValidate>
      {questions.map((question, index) => (
        <Field
          key={question.text}
          id={`${id}-${index}`}
          label={question.text}
          hint={expectedAnswer(question)}
          problem={problems[index]}
          value={typed[index]!}
          onChange={(value) => setTyped(typed.with(index, value))}
          short
        />
      ))}
      <Field
        id={`${id}-reason`}
        label="Why? One sentence."
        problem={reasonProblem}
        value={reason}
        onChange={setReason}
      />
      <p className="player__controls">
        <button type="submit" className="button button--primary">
          Commit and play
        </button>
        <button
          type="button"
          className="button button--secondary"
          onClick={() => onCommit(passed(questions))}
        >
          Pass, just play
        </button>
      </p>
    </form>
  )
}

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly hint?: string
  readonly problem: string | undefined
  readonly value: string
  readonly short?: boolean
  onChange(value: string): void
}

function Field({ id, label, hint, problem, value, short, onChange }: FieldProps): ReactNode {
  return (
    <div className="player__field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        autoComplete="off"
        size={short ? 12 : 60}
        value={value}
        aria-describedby={`${id}-hint`}
        aria-invalid={problem !== undefined}
        onChange={({ target }) => onChange(target.value)}
      />
      <span id={`${id}-hint`} className={problem ? 'player__problem' : 'player__hint'}>
        {problem ?? hint}
      </span>
    </div>
  )
}
