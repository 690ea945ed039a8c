import { runLab } from '@threshold/lab-kit'

/** A lab in a process of its own, for a test to kill. */
const [, , evidenceDir = ''] = process.argv
await runLab('1.1', {
  size: 'tiny',
  evidenceDir,
  machine: { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 60_000 },
  onProgress: ({ text }) => process.stdout.write(`${text}\n`),
})
