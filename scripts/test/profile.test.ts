import { describe, expect, it } from 'vitest'
import { flameGraphPage } from '../src/profile/flame-graph.ts'
import { allocationTree, callTree, type Frame, largestOwn } from '../src/profile/profiles.ts'
import { runInProcess } from './run-in-process.ts'

const frame = (functionName: string, url = '', lineNumber = 0) => ({
  functionName,
  url,
  lineNumber,
})

/** Samples at 1, 2, 4 and 7 ms of a profile that ends at 10 ms. */
const PROFILE = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 6] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('send', 'file:///repo/stages/a.ts', 9), children: [4] },
    { id: 4, callFrame: frame('write', 'file:///repo/node_modules/ws/lib/x.js', 0), children: [] },
    // The same function from the same place, such as after it was optimised.
    { id: 6, callFrame: frame('send', 'file:///repo/stages/a.ts', 9), children: [7] },
    { id: 7, callFrame: frame('', 'node:net', 4) },
  ],
  startTime: 0,
  endTime: 10_000,
  samples: [2, 3, 4, 7],
  timeDeltas: [1_000, 1_000, 2_000, 3_000],
}

describe('a profile', () => {
  const tree = callTree(PROFILE, '/repo')

  it('becomes a tree of calls whose widths are wall time', () => {
    const expected: Frame = {
      name: 'all',
      value: 9,
      children: [
        { name: '(idle)', value: 1, children: [] },
        {
          name: 'send stages/a.ts:10',
          value: 8,
          children: [
            { name: 'write ws/lib/x.js:1', value: 3, children: [] },
            { name: '(anonymous) node:net:5', value: 3, children: [] },
          ],
        },
      ],
    }
    expect(tree).toEqual(expected)
  })

  it('names the functions in which most time goes by, without idle time', () => {
    expect(largestOwn(tree, 2)).toEqual([
      { name: 'write ws/lib/x.js:1', value: 3 },
      { name: '(anonymous) node:net:5', value: 3 },
    ])
  })

  it('of memory becomes a tree of what each function has allocated', () => {
    const node = (name: string, selfSize: number, children: object[] = []) => ({
      callFrame: frame(name),
      selfSize,
      children,
    })
    const leaf = node('leaf', 1_024)
    const head = node('(root)', 0, [node('keep', 512, [leaf]), node('keep', 512, [leaf])])
    const kept = allocationTree({ head } as Parameters<typeof allocationTree>[0], '/repo')
    const leaves = { name: 'leaf', value: 2, children: [] }
    expect(kept).toEqual({
      name: 'all',
      value: 3,
      children: [{ name: 'keep', value: 3, children: [leaves] }],
    })
    expect(largestOwn(kept, 1)).toEqual([{ name: 'leaf', value: 2 }])
  })

  it('becomes a page of its own, in which no name is markup', async () => {
    const named = { ...tree, children: [{ name: '</script><b>', value: 9, children: [] }] }
    const page = await flameGraphPage({ title: 'A <title>', kind: 'time', tree: named })
    expect(page).toContain('<title>A &lt;title&gt;</title>')
    expect(page).not.toContain('</script><b>')
    expect(page).not.toMatch(/<(script|link)[^>]+(src|href)=/)
  })
})

describe('threshold profile', () => {
  it('names the next step if no stage runs', async () => {
    const { code, stderr } = await runInProcess(['profile', 'stage', '--url', 'http://127.0.0.1:1'])
    expect(stderr).toMatch(/^NO_STAGE: no stage runs at .*\n {2}→ npx threshold stage 3/m)
    expect(code).toBe(1)
  })
})
