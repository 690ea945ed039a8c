import { constants } from 'node:os'
import { Interrupted } from './errors.ts'

export interface Prompt {
  readonly message: string
  /** Returns why the text is not accepted; undefined if it is. */
  readonly problemOf?: (text: string) => string | undefined
}

/**
 * Asks for one line on stderr, because only results go to stdout.
 *
 * @throws Interrupted if the user presses Ctrl-C, and the signal's reason if that aborts
 */
export async function askLine(
  { message, problemOf = () => undefined }: Prompt,
  interrupted: AbortSignal,
): Promise<string> {
  const { input } = await import('@inquirer/prompts')
  const answer = input(
    { message, validate: (text) => problemOf(text) ?? true },
    { output: process.stderr, signal: interrupted },
  )
  return await answer.catch((error: unknown) => {
    interrupted.throwIfAborted()
    // A prompt receives Ctrl-C as a key, and no signal is sent.
    throw error instanceof Error && error.name === 'ExitPromptError'
      ? new Interrupted(128 + constants.signals.SIGINT)
      : error
  })
}

/** Listens for a key until it is disposed of. */
export interface KeyListener extends Disposable {
  readonly pressed: AbortSignal
}

const CTRL_C = '\u0003'

/** Only for a terminal: keys arrive one by one, and are not shown. Ctrl-C still interrupts. */
export function listenForKey(): KeyListener {
  const controller = new AbortController()
  const { stdin } = process
  const onData = (key: Buffer): void => {
    if (key.includes(CTRL_C)) process.kill(process.pid, 'SIGINT')
    else controller.abort()
  }
  stdin.setRawMode(true).on('data', onData).resume()
  return {
    pressed: controller.signal,
    [Symbol.dispose]() {
      stdin.off('data', onData).setRawMode(false).pause()
    },
  }
}
