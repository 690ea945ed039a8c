import { formatDoctor, inspectMachine } from '@threshold/engines'
import { type Context, EXIT, ROOT } from '../context.ts'

export async function doctor({ terminal, exitWith }: Context, json: boolean): Promise<void> {
  const report = await inspectMachine(ROOT)
  terminal.print(json ? JSON.stringify(report, undefined, 2) : formatDoctor(report).trimEnd())
  if (report.status === 'cannot') exitWith(EXIT.failure)
}
