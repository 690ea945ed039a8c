import { parseSync, type StaticImport, Visitor } from 'oxc-parser'

/** What one file says that the rules about stages ask for. */
export interface Source {
  readonly imports: readonly Import[]
  /** Comparisons of something called `stage` with a number. */
  readonly stageNumbers: readonly number[]
  /** Classes made from an imported one: its specifier, and the line. */
  readonly inherits: readonly { readonly specifier: string; readonly line: number }[]
  readonly lines: number
  /** The parser's own words, when the file does not parse. */
  readonly broken: string | undefined
}

interface Import {
  readonly specifier: string
  readonly line: number
  /** Erased before it runs: knowledge of a shape, and no wiring. */
  readonly typeOnly: boolean
}

export function parseSource(name: string, text: string): Source {
  const { module, program, errors } = parseSync(name, text)
  const lineOf = (offset: number): number => text.slice(0, offset).split('\n').length
  const from = new Map(
    module.staticImports.flatMap((one) =>
      one.entries.map(({ localName }) => [localName.value, one.moduleRequest.value]),
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
      const specifier = superClass?.type === 'Identifier' ? from.get(superClass.name) : undefined
      if (specifier !== undefined) inherits.push({ specifier, line: lineOf(start) })
    },
  }).visit(program)
  return {
    imports: [
      ...module.staticImports.map((one) => ({
        specifier: one.moduleRequest.value,
        line: lineOf(one.start),
        typeOnly: isTypeOnly(one),
      })),
      ...module.staticExports.flatMap(({ entries, start }) =>
        // One statement may export several names of one module; all of them carry it.
        entries.slice(0, 1).flatMap(({ moduleRequest }) =>
          moduleRequest
            ? [
                {
                  specifier: moduleRequest.value,
                  line: lineOf(start),
                  typeOnly: entries.every(({ isType }) => isType),
                },
              ]
            : [],
        ),
      ),
      ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => {
        const literal = /^(['"`])(.*)\1$/.exec(text.slice(start, end))?.[2]
        return literal === undefined
          ? []
          : [{ specifier: literal, line: lineOf(start), typeOnly: false }]
      }),
    ],
    stageNumbers,
    inherits,
    lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0),
    broken: errors[0]?.message,
  }
}

/** `import {} from` and `import './side-effect.ts'` have no entries and do run. */
const isTypeOnly = ({ entries }: StaticImport): boolean =>
  entries.length > 0 && entries.every(({ isType }) => isType)

interface Named {
  readonly type: string
  readonly name?: unknown
  readonly property?: Named
  readonly value?: unknown
}

const isNumber = (node: Named): boolean => node.type === 'Literal' && typeof node.value === 'number'

function isStage(node: Named): boolean {
  if (node.type === 'MemberExpression' && node.property !== undefined) return isStage(node.property)
  return (
    node.type === 'Identifier' &&
    typeof node.name === 'string' &&
    /^stage(number)?$/i.test(node.name)
  )
}
