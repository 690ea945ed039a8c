#!/usr/bin/env node
// Walks all labs by "threshold next", with an empty progress of its own in .threshold/walk.
//
//   node scripts/walk.mjs           plays the recorded runs: no engine, a minute
//   node scripts/walk.mjs --live    runs the labs at size quick: engines, half an hour
//
// Exits with 0 when every lab was supported. A lab that could not run is followed by its recorded
// run, as a learner would do.
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const LAUNCHER = join(ROOT, 'scripts', 'threshold.mjs')
const OUTPUT = join(ROOT, '.threshold', 'walk')
const COULD_NOT_RUN = 12

const live = process.argv.includes('--live')
rmSync(OUTPUT, { recursive: true, force: true })
const env = { ...process.env, THRESHOLD_OUTPUT: OUTPUT }

/** The commands that ran, with their exit codes. */
const walked = []
for (;;) {
  const next = nextStep()
  if (next.finished) break
  if (walked.some(({ command }) => command === next.command)) fail(`next repeats ${next.command}`)
  console.error(`\n${next.done} of ${next.total} done; ${next.command}`)
  const words = next.command.split(' ').slice(2)
  const { status } = spawnSync(process.execPath, [LAUNCHER, ...words, '--no-predict'], {
    env,
    stdio: 'inherit',
  })
  walked.push({ command: next.command, status })
  if (status !== 0 && status !== COULD_NOT_RUN) fail(`${next.command} ended with ${status}`)
}
console.log(`\n${walked.map(({ command, status }) => `${status}  ${command}`).join('\n')}`)

function nextStep() {
  const words = ['next', '--json', ...(live ? [] : ['--recorded'])]
  const { status, stdout } = spawnSync(process.execPath, [LAUNCHER, ...words], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) fail(`threshold ${words.join(' ')} ended with ${status}`)
  return JSON.parse(stdout)
}

function fail(reason) {
  console.error(
    `WALK_STOPPED: ${reason}\n  → THRESHOLD_OUTPUT=.threshold/walk npx threshold history`,
  )
  process.exit(1)
}
