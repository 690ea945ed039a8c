// Preloaded into a stage under test with `--import`. It shifts the clock of the process by the
// milliseconds in a file, and reads that file again every 20 ms, so that a test can set the clock of
// a running process.
import { readFileSync, writeFileSync } from 'node:fs'

const file = new URL(import.meta.url).searchParams.get('file')
const RealDate = Date
const timeOrigin = performance.timeOrigin
let shift = 0

function readShift() {
  const next = Number(readFileSync(file, 'utf8'))
  if (next === shift) return
  shift = next
  writeFileSync(`${file}.applied`, String(shift))
}

readShift()
setInterval(readShift, 20).unref()
const now = () => RealDate.now() + shift
// A proxy, so that dates made by Node itself remain instances of Date.
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
