import { testLab } from '@threshold/lab-kit/testing'
import { expect } from 'vitest'

// The lab starts two engines with small caches of its own. It runs alone, since its figures depend
// on them.
testLab('2.1', {
  cacheCounters: true,
  inspect: ({ notes }) => expect(notes.join('\n')).toMatch(/\b[45]\d% reads, [45]\d% writes/),
})
