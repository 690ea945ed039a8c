/** Text that is markup already. Everything else is escaped on its way into a page. */
export interface Markup {
  readonly markup: string
}

type Piece = Markup | string | number | undefined | false | readonly Piece[]

/**
 * A template in which whatever is put in is escaped, unless it was made here: names and errors come
 * from outside.
 */
export const html = (strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup =>
  raw(
    strings.reduce(
      (text, part, index) => text + part + (index < pieces.length ? render(pieces[index]) : ''),
      '',
    ),
  )

export const raw = (markup: string): Markup => ({ markup })

function render(piece: Piece): string {
  if (piece === undefined || piece === false) return ''
  if (Array.isArray(piece)) return (piece as readonly Piece[]).map(render).join('')
  if (typeof piece === 'object') return (piece as Markup).markup
  return escapeText(String(piece))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeText = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
