import { describe, expect, it } from 'vitest'
import { nearestPages } from '../src/nearest-pages.ts'

const PAGES = [
  '/',
  '/commands',
  '/contract',
  '/contract-cases',
  '/labs/1.3-blast-radius',
  '/glossary',
].map((route) => ({ route, title: route }))
const nearest = (address: string): string[] =>
  nearestPages(address, PAGES).map(({ route }) => route)

describe('the nearest pages of an address without one', () => {
  it('finds a misspelled name first', () => {
    expect(nearest('/comands')[0]).toBe('/commands')
  })

  it('finds a page that moved to another folder', () => {
    expect(nearest('/docs/docs/glossary.md')[0]).toBe('/glossary')
  })

  it('finds a lab by a part of its name', () => {
    expect(nearest('/labs/blast-radius')[0]).toBe('/labs/1.3-blast-radius')
    expect(nearest('/labs/1.3')[0]).toBe('/labs/1.3-blast-radius')
  })

  it('names no page for an unrelated address', () => {
    expect(nearest('/wp-login.php')).toEqual([])
    expect(nearest('/')).toEqual([])
  })
})
