import { describe, expect, it } from 'vitest'
import { readable } from '../src/readable-theme.ts'

const WHITE = 'hsl(0, 0%, 100%)'
const BLACK = 'hsl(0, 0%, 0%)'

describe('a colour for code', () => {
  it('stays as it is when it is readable', () => {
    expect(readable('hsl(300, 50%, 30%)', WHITE)).toBe('hsl(300, 50%, 30%)')
    expect(readable('hsl(300, 50%, 70%)', BLACK)).toBe('hsl(300, 50%, 70%)')
  })

  it('becomes darker on a light background, and lighter on a dark one', () => {
    // On white, greys of 46% and 45% lightness have contrasts of 4.5 and 4.7.
    expect(readable('hsl(0, 0%, 60%)', WHITE)).toBe('hsl(0, 0%, 45%)')
    expect(readable('hsl(0, 0%, 20%)', BLACK)).toBe('hsl(0, 0%, 47%)')
  })
})
