/** Trusted markup. The `html` template escapes everything else. */
export interface Markup {
  readonly markup: string
}

type Piece = Markup | string | number | undefined | false | readonly Piece[]

/** Escapes every interpolated value that is not `Markup`, since names and errors are untrusted. */
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
