/** How many lines a failure shows. */
const SHOWN_LINES = 60
const MAX_LINE_LENGTH = 600

/** The requests and frames of one case, shown when the case fails. Tokens are replaced. */
export class Transcript {
  readonly #startedAt = performance.now()
  readonly #lines: string[] = []
  readonly #secrets = new Set<string>()

  /** Shows this token as `[token]` from now on. */
  redact(secret: string): void {
    this.#secrets.add(secret)
  }

  record(label: string, text: string): void {
    const at = ((performance.now() - this.#startedAt) / 1_000).toFixed(3).padStart(7)
    this.#lines.push(`${at}s  ${label.padEnd(8)} ${this.#redacted(text)}`)
  }

  /** The last lines. */
  toString(): string {
    const omitted = this.#lines.length - SHOWN_LINES
    const head = omitted > 0 ? [`… ${omitted} lines before`] : []
    return [...head, ...this.#lines.slice(-SHOWN_LINES)].join('\n')
  }

  #redacted(text: string): string {
    let clean = text
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '[token]')
    // The stage issues voice tokens itself, so they cannot be registered beforehand.
    clean = clean.replace(/"(token|access_token)":"[^"[]+"/g, '"$1":"[token]"')
    return clean.length > MAX_LINE_LENGTH
      ? `${clean.slice(0, MAX_LINE_LENGTH)}… (${clean.length} characters)`
      : clean
  }
}
