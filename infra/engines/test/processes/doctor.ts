import { formatDoctor } from '../../src/doctor/format.ts'
import { inspectMachine } from '../../src/doctor/inspect.ts'

process.stdout.write(formatDoctor(await inspectMachine()))
