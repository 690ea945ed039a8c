// Loaded into a stage under test by `--import`, before anything else: its clock is off by as many
// milliseconds as a file says. The file is read again and again, so that a test sets the clock of a
// process that runs.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL(import.meta.url).searchParams.get('file')
const RealDate = Date
const timeOrigin = performance.timeOrigin
let shift = 0

function read() {
  const next = Number(readFileSync(file, 'utf8'))
  if (next === shift) return
  shift = next
  writeFileSync(`${file}.seen`, String(shift))
}

read()
setInterval(read, 20).unref()
const now = () => RealDate.now() + shift
// A proxy, so that dates that Node itself makes are still instances of it.
globalThis.Date = new Proxy(RealDate, {
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
  construct: (target, args, self) =>
    Reflect.construct(target, args.length === 0 ? [now()] : args, self === Date ? target : self),
  apply: () => new RealDate(now()).toString(),
})
Object.defineProperty(performance, 'timeOrigin', {
  get: () => timeOrigin + shift,
  configurable: true,
})
