/** Describes the users who type. More than three are not listed. */
export function typingText(names) {
  if (names.length === 0) return ''
  if (names.length === 1) return `${names[0]} is typing…`
  if (names.length <= 3) return `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are typing…`
  return 'Several people are typing…'
}
