import { createRequire } from 'node:module'
import { chromium as driver, type Page } from 'playwright-core'
import { findChromium } from '../../../infra/engines/src/index.ts'
import { DIAGRAM_THEMES, type DiagramSource, type DiagramTheme, diagramFile } from './source.ts'

/** Fonts with equal metrics, so that a label fits its box on the reader's machine. */
const FONTS = 'Arial, "Liberation Sans", Helvetica, sans-serif'

const THEMES: Readonly<Record<DiagramTheme, string>> = { light: 'neutral', dark: 'dark' }

interface RenderedDiagram {
  readonly file: string
  readonly svg: string
}

/** Renders diagrams with mermaid in a browser: its layout needs the measures of the text. */
export async function renderDiagrams(
  sources: readonly DiagramSource[],
): Promise<RenderedDiagram[]> {
  if (sources.length === 0) return []
  const { executablePath, env } = await findChromium()
  const browser = await driver.launch({ executablePath, env })
  try {
    const page = await browser.newPage()
    await page.setContent('<!doctype html><body></body>')
    await page.addScriptTag({
      path: createRequire(import.meta.url).resolve('mermaid/dist/mermaid.min.js'),
    })
    await page.addScriptTag({ content: SMALLER })
    const rendered: RenderedDiagram[] = []
    for (const { hash, text } of sources)
      for (const theme of DIAGRAM_THEMES)
        rendered.push({
          file: diagramFile(hash, theme),
          svg: await render(page, `diagram-${hash}`, text, theme),
        })
    return rendered
  } finally {
    await browser.close()
  }
}

interface Globals {
  readonly mermaid: {
    initialize(options: object): void
    render(id: string, text: string): Promise<{ svg: string }>
  }
  smaller(svg: string): string
}

/**
 * Runs in the browser. Most of mermaid's rules are for other kinds of diagrams, its data attributes
 * are for its own scripts, and a hundredth of a pixel is exact enough.
 */
const SMALLER = `function smaller(svg) {
  document.body.innerHTML = svg
  for (const style of document.body.querySelectorAll('style')) {
    const rules = [...style.sheet.cssRules].filter(
      ({ selectorText }) => selectorText && document.body.querySelector(selectorText),
    )
    style.textContent = rules.map(({ cssText }) => cssText).join('')
  }
  const used = document.body.innerHTML
  for (const marker of document.body.querySelectorAll('marker'))
    if (!used.includes('url(#' + marker.id + ')')) marker.remove()
  for (const element of document.body.querySelectorAll('svg *'))
    for (const { name } of [...element.attributes])
      if (name.startsWith('data-')) element.removeAttribute(name)
  const text = new XMLSerializer().serializeToString(document.body.firstElementChild)
  document.body.innerHTML = ''
  return text.replace(/\\d+\\.\\d{3,}/g, (number) => String(Math.round(number * 100) / 100))
}`

async function render(page: Page, id: string, text: string, theme: DiagramTheme): Promise<string> {
  const options = {
    startOnLoad: false,
    deterministicIds: true,
    // Labels as SVG text: an image may not contain HTML in every browser.
    htmlLabels: false,
    // Wide enough for the longest name of a package.
    flowchart: { htmlLabels: false, wrappingWidth: 260 },
    look: 'classic',
    theme: THEMES[theme],
    fontFamily: FONTS,
  }
  const svg = await page.evaluate(
    async ([name, source, settings]) => {
      const { mermaid, smaller } = globalThis as unknown as Globals
      mermaid.initialize(settings)
      return smaller((await mermaid.render(name, source)).svg)
    },
    [id, text, options] as const,
  )
  return `${svg}\n`
}
