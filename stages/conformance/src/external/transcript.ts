/** How many lines a failure shows, and how long one may be. */
const SHOWN = 60
const LONGEST = 600

/**
 * What passed between a case and the stage, for the one who has to find out why it failed. Tokens
 * are not in it.
 */
export class Transcript {
  readonly #began = performance.now()
  readonly #lines: string[] = []
  readonly #secrets = new Set<string>()

  /** A token: shown as such, never as itself. */
  redact(secret: string): void {
    this.#secrets.add(secret)
  }

  record(who: string, text: string): void {
    const at = ((performance.now() - this.#began) / 1_000).toFixed(3).padStart(7)
    this.#lines.push(`${at}s  ${who.padEnd(8)} ${this.#redacted(text)}`)
  }

  toString(): string {
    const left = this.#lines.length - SHOWN
    return [...(left > 0 ? [`… ${left} lines before`] : []), ...this.#lines.slice(-SHOWN)].join(
      '\n',
    )
  }

  #redacted(text: string): string {
    let clean = text
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '[token]')
    // Voice tokens are the stage's own, and not known beforehand.
    clean = clean.replace(/"(token|access_token)":"[^"[]+"/g, '"$1":"[token]"')
    return clean.length > LONGEST
      ? `${clean.slice(0, LONGEST)}… (${clean.length} characters)`
      : clean
  }
}
