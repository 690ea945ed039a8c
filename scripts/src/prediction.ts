import { CodedError } from '@threshold/kit'
import type { LabInfo, Prediction } from '@threshold/lab-kit'
import { loadLabKit } from './lab-kit.ts'
import { bold, type Terminal, wrapped } from './terminal.ts'

export interface PredictOptions {
  /**
   * Answers given on the command line, or a prediction made before; true asks in a terminal; false
   * asks nothing.
   */
  readonly predict: string | boolean | Prediction
  readonly reason?: string | undefined
}

/**
 * Returns the learner's prediction, from the command line or from prompts. Undefined if the learner
 * makes none, or if the terminal is not interactive.
 */
export async function predictionFor(
  lab: LabInfo,
  { predict, reason }: PredictOptions,
  terminal: Terminal,
  interrupted: AbortSignal,
): Promise<Prediction | undefined> {
  if (typeof predict === 'object') return predict
  if (typeof predict === 'string') return { answers: await parseAnswers(lab, predict), reason }
  if (!predict || !terminal.interactive) return undefined
  const { describeAnswer, parseAnswer } = await loadLabKit()
  terminal.log(`\n${bold('Predict first.')} The lab then shows how far off you were.`)
  const answers: (number | null)[] = []
  for (const [index, question] of lab.questions.entries()) {
    terminal.log(
      wrapped(`\n${index + 1} of ${lab.questions.length}: ${question.text}`, process.stderr),
    )
    const problemOf = (text: string): string | undefined => {
      const parsed = parseAnswer(text, question)
      return 'problem' in parsed ? parsed.problem : undefined
    }
    const message = `Your answer, ${describeAnswer(question)}:`
    const parsed = parseAnswer(await terminal.ask({ message, problemOf }, interrupted), question)
    answers.push('answer' in parsed ? parsed.answer : null)
  }
  if (reason !== undefined || answers.every((answer) => answer === null)) return { answers, reason }
  const typed = await terminal.ask({ message: 'Why? One sentence:' }, interrupted)
  return { answers, reason: typed.trim() || undefined }
}

/**
 * Reads `10,100`: one answer for each question, in their order.
 *
 * @throws CodedError `BAD_PREDICTION`, which names the question
 */
export async function parseAnswers(lab: LabInfo, text: string): Promise<(number | null)[]> {
  const { describeAnswer, parseAnswer } = await loadLabKit()
  const { questions, id } = lab
  const typed = text.split(',')
  const bad = (problem: string): CodedError =>
    new CodedError('BAD_PREDICTION', problem, {
      next: `npx threshold lab ${id} --predict ${questions.map(() => 'N').join(',')}`,
    })
  const listed = questions.map(
    (question, index) => `\n  ${index + 1}. ${question.text} (${describeAnswer(question)})`,
  )
  if (typed.length !== questions.length)
    throw bad(
      `lab ${id} asks ${questions.length} questions, and --predict has ${typed.length} answers:${listed.join('')}`,
    )
  return questions.map((question, index) => {
    const parsed = parseAnswer(typed[index]!, question)
    if ('problem' in parsed)
      throw bad(`answer ${index + 1} to “${question.text}”: ${parsed.problem}`)
    return parsed.answer
  })
}
