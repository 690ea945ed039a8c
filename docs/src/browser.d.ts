/*
 * The few features of a browser that the components use. TypeScript's library `dom` contradicts the
 * types of Node, which the plugins and the tests use.
 */
interface Element {
  scrollIntoView(options: { block: 'center' }): void
}

interface HTMLElement {
  focus(): void
  querySelector(selector: string): Element | null
}

interface HTMLInputElement {
  value: string
}

declare function matchMedia(query: string): { readonly matches: boolean }
