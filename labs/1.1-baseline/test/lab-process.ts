import { runLab } from '@threshold/lab-kit'

/** Runs a lab in a process that a test kills. */
const [, , evidenceDir = ''] = process.argv
await runLab('1.1', {
  size: 'tiny',
  evidenceDir,
  machine: { loadPerCore: 1_000, othersShare: 1_000, lagP99Ms: 60_000 },
  onProgress: ({ text }) => process.stdout.write(`${text}\n`),
})
