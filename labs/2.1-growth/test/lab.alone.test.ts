import { testLab } from '@threshold/lab-kit/testing'
import { expect } from 'vitest'

// Two engines of its own, with small caches: beside other labs their caches would hold other labs' pages.
testLab('2.1', ({ notes }) => expect(notes.join('\n')).toMatch(/50% reads, 50% writes|[45]\d% reads/), { cassandra: true })
