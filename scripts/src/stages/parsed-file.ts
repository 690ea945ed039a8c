import { parseSync, type StaticImport, Visitor } from 'oxc-parser'

/** The properties of a source file that the rules for stages need. */
export interface ParsedFile {
  readonly imports: readonly Import[]
  /** The lines that compare something called `stage` with a number. */
  readonly stageNumbers: readonly number[]
  /** The classes that extend an imported class, with the specifier of its module. */
  readonly inherits: readonly { readonly specifier: string; readonly line: number }[]
  readonly lines: number
  /** The parser's message, when the file does not parse. */
  readonly syntaxError: string | undefined
}

interface Import {
  readonly specifier: string
  readonly line: number
  /** True when the import is erased and loads nothing at run time. */
  readonly typeOnly: boolean
}

export function parseFile(name: string, text: string): ParsedFile {
  const { module, program, errors } = parseSync(name, text)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length
  const specifierOf = new Map(
    module.staticImports.flatMap(({ entries, moduleRequest }) =>
      entries.map(({ localName }) => [localName.value, moduleRequest.value]),
    ),
  )
  const stageNumbers: number[] = []
  const inherits: { specifier: string; line: number }[] = []
  new Visitor({
    BinaryExpression({ left, right, start }) {
      if ((isStage(left) && isNumber(right)) || (isStage(right) && isNumber(left)))
        stageNumbers.push(lineOf(start))
    },
    SwitchStatement({ discriminant, start }) {
      if (isStage(discriminant)) stageNumbers.push(lineOf(start))
    },
    ClassDeclaration({ superClass, start }) {
      if (superClass?.type !== 'Identifier') return
      const specifier = specifierOf.get(superClass.name)
      if (specifier !== undefined) inherits.push({ specifier, line: lineOf(start) })
    },
  }).visit(program)

  const imports = module.staticImports.map((statement) => ({
    specifier: statement.moduleRequest.value,
    line: lineOf(statement.start),
    typeOnly: isTypeOnly(statement),
  }))
  // `export … from` also imports. All entries of one statement name the same module.
  const reexports = module.staticExports.flatMap(({ entries, start }) => {
    const specifier = entries[0]?.moduleRequest?.value
    const typeOnly = entries.every(({ isType }) => isType)
    return specifier === undefined ? [] : [{ specifier, line: lineOf(start), typeOnly }]
  })
  const dynamicImports = module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
    const specifier = /^(['"`])(.*)\1$/.exec(text.slice(start, end))?.[2]
    return specifier === undefined ? [] : [{ specifier, line: lineOf(start), typeOnly: false }]
  })
  return {
    imports: [...imports, ...reexports, ...dynamicImports],
    stageNumbers,
    inherits,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    syntaxError: errors[0]?.message,
  }
}

/** `import {} from` and `import './side-effect.ts'` have no entries, and load their module. */
const isTypeOnly = ({ entries }: StaticImport): boolean =>
  entries.length > 0 && entries.every(({ isType }) => isType)

interface Node {
  readonly type: string
  readonly name?: unknown
  readonly property?: Node
  readonly value?: unknown
}

const isNumber = (node: Node): boolean => node.type === 'Literal' && typeof node.value === 'number'

function isStage(node: Node): boolean {
  if (node.type === 'MemberExpression' && node.property !== undefined) return isStage(node.property)
  return (
    node.type === 'Identifier' &&
    typeof node.name === 'string' &&
    /^stage(number)?$/i.test(node.name)
  )
}
