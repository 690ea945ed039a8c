import type { PrismTheme } from 'prism-react-renderer'

/** The contrast that WCAG asks for between text and its background, with a margin. */
const MIN_CONTRAST = 4.6

/**
 * A theme for code in which every colour is readable, and comments are not hidden: they explain the
 * code. Colours that are too close to the background become darker or lighter in steps.
 *
 * @param comment the colour of comments, such as `hsl(151, 28%, 34%)`
 */
export function readableTheme(theme: PrismTheme, comment: string): PrismTheme {
  const background = theme.plain.backgroundColor ?? 'hsl(0, 0%, 100%)'
  const styles = [
    ...theme.styles,
    { types: ['comment'], style: { color: comment, fontStyle: 'normal' } },
  ]
  return {
    ...theme,
    styles: styles.map(({ style, ...rest }) => ({
      ...rest,
      style: style.color?.startsWith('hsl')
        ? { ...style, color: readable(style.color, background) }
        : style,
    })),
  } as PrismTheme
}

/** The colour itself, or the nearest lightness that is readable on the background. */
export function readable(color: string, background: string): string {
  const [hue, saturation, lightness] = parse(color)
  const step = luminance(parse(background)) > 0.5 ? -1 : 1
  let light = lightness
  while (
    light > 0 &&
    light < 100 &&
    contrast([hue, saturation, light], parse(background)) < MIN_CONTRAST
  )
    light += step
  return `hsl(${hue}, ${saturation}%, ${light}%)`
}

type Hsl = readonly [hue: number, saturation: number, lightness: number]

function parse(color: string): Hsl {
  const [hue, saturation, lightness] = (color.match(/[\d.]+/g) ?? []).map(Number)
  return [hue ?? 0, saturation ?? 0, lightness ?? 0]
}

function contrast(a: Hsl, b: Hsl): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Relative luminance as in WCAG. */
function luminance([hue, saturation, lightness]: Hsl): number {
  const l = lightness / 100
  const amplitude = (saturation / 100) * Math.min(l, 1 - l)
  const channel = (n: number): number => {
    const k = (n + hue / 30) % 12
    const value = l - amplitude * Math.max(-1, Math.min(k - 3, 9 - k, 1))
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(0) + 0.7152 * channel(8) + 0.0722 * channel(4)
}
