import { Interrupted } from '../src/errors.ts'
import type { Terminal } from '../src/terminal.ts'

/** Stands for Ctrl-C at a prompt. */
export const CTRL_C = Symbol('Ctrl-C')

export interface ScriptedTerminal extends Terminal {
  /** Everything that was shown and typed, in order. */
  readonly transcript: string[]
  readonly remaining: readonly (string | typeof CTRL_C)[]
}

export interface Script {
  readonly typed?: readonly (string | typeof CTRL_C)[]
  /** Whether a key is pressed while a recording plays. */
  readonly key?: boolean
  /** Called with every line that is shown. */
  readonly onLine?: (line: string) => void
}

/** An interactive terminal at which the given lines are typed. A rejected line asks again. */
export function scriptedTerminal({
  typed = [],
  key = true,
  onLine,
}: Script = {}): ScriptedTerminal {
  const transcript: string[] = []
  const remaining = [...typed]
  const show = (text: string): void => {
    transcript.push(text)
    onLine?.(text)
  }
  return {
    transcript,
    remaining,
    interactive: true,
    print: show,
    log: show,
    progress: () => ({ step: () => {}, [Symbol.dispose]: () => {} }),
    async ask({ message, problemOf }) {
      for (;;) {
        show(`? ${message}`)
        const line = remaining.shift()
        if (line === CTRL_C) throw new Interrupted(130)
        if (line === undefined) throw new Error(`nothing was typed for “${message}”`)
        transcript.push(`> ${line}`)
        const problem = problemOf?.(line)
        if (problem === undefined) return line
        show(problem)
      }
    },
    listenForKey: () => ({
      pressed: key ? AbortSignal.abort() : new AbortController().signal,
      [Symbol.dispose]: () => {},
    }),
  }
}
