import type { ReactNode } from 'react'

/** The help of a command. A code block would send an element for each of its lines. */
export function CommandHelp({ text }: { text: string }): ReactNode {
  return <pre className="command-help">{text}</pre>
}
