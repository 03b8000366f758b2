/**
 * The grammar of mcl for editors.
 *
 * It accepts what the compiler parses, and more: line ends are mere blanks here, for no statement can
 * be taken for the continuation of the one before it. An editor's text is mostly unfinished, so a
 * wrong line end must not spoil the colours of what follows; the compiler says what is wrong.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

/** How tightly operators bind, loosest first. */
const PREC = {
  except: 1,
  or: 2,
  and: 3,
  compare: 4,
  add: 5,
  multiply: 6,
  not: 7,
  field: 8,
  index: 9,
};

/** Elements with commas between them; the last one may have one too. */
const commaList = (rule) => optional(seq(rule, repeat(seq(",", rule)), optional(",")));

module.exports = grammar({
  name: "mcl",

  word: ($) => $.identifier,

  // Without this, a keyword where none is expected would be read as a name, and what it begins with it.
  reserved: {
    global: (_) => [
      "and", "as", "bool", "class", "else", "false", "float", "for", "forkv", "func", "if", "import",
      "in", "include", "int", "not", "or", "panic", "str", "struct", "true", "variant",
    ],
  },

  extras: ($) => [/[ \t\r\n]/, $.comment],

  supertypes: ($) => [$._statement, $._expression, $._type],

  rules: {
    source_file: ($) => repeat($._statement),

    comment: (_) => token(seq("#", /[^\n]*/)),

    // Statements.

    _statement: ($) =>
      choice(
        $.bind,
        $.resource,
        $.collect,
        $.edge,
        $.if_statement,
        $.for_statement,
        $.function_definition,
        $.class_definition,
        $.include,
        $.import,
        $.panic,
      ),

    block: ($) => seq("{", repeat($._statement), "}"),

    bind: ($) =>
      seq(
        field("name", $.variable_name),
        optional(field("type", $._type)),
        "=",
        field("value", $._expression),
      ),

    if_statement: ($) =>
      seq(
        "if",
        field("condition", $._expression),
        field("consequence", $.block),
        optional(seq("else", field("alternative", $.block))),
      ),

    for_statement: ($) =>
      seq(
        choice("for", "forkv"),
        field("key", $.variable_name),
        ",",
        field("value", $.variable_name),
        "in",
        field("over", $._expression),
        field("body", $.block),
      ),

    function_definition: ($) =>
      seq(
        "func",
        field("name", $.identifier),
        field("parameters", $.parameters),
        optional(field("result", $._type)),
        field("body", $.body),
      ),

    class_definition: ($) =>
      seq(
        "class",
        field("name", $.kind),
        optional(field("parameters", $.parameters)),
        field("body", $.block),
      ),

    include: ($) =>
      seq(
        "include",
        field("class", $.dotted_name),
        optional(field("arguments", $.arguments)),
        optional(seq("as", field("alias", $.identifier))),
      ),

    import: ($) =>
      seq(
        "import",
        field("path", $.string),
        optional(seq("as", field("alias", choice($.identifier, $.star)))),
      ),

    star: (_) => "*",

    panic: ($) => seq("panic", field("arguments", $.arguments)),

    // Resources and edges.

    resource: ($) =>
      seq(
        field("kind", $.kind),
        field("name", $._expression),
        field("body", $.resource_body),
      ),

    collect: ($) => seq("collect", $.resource),

    resource_body: ($) => seq("{", repeat($._entry), "}"),

    _entry: ($) => choice($.field, $.internal_edge, $.meta),

    field: ($) =>
      seq(field("name", $.identifier), "=>", $._maybe_conditional, ","),

    meta: ($) =>
      seq(
        field("name", $.capitalized),
        optional(seq(":", field("property", $.identifier))),
        "=>",
        $._maybe_conditional,
        ",",
      ),

    internal_edge: ($) =>
      seq(
        field("property", $.capitalized),
        "=>",
        optional(seq(field("condition", $._expression), "?:")),
        field("target", $.edge_half),
        ",",
      ),

    _maybe_conditional: ($) =>
      seq(
        optional(seq(field("condition", $._expression), "?:")),
        field("value", $._expression),
      ),

    edge: ($) => seq($._edge_end, repeat(seq("->", $._edge_end))),

    _edge_end: ($) =>
      seq($.edge_half, optional(seq(".", field("field", $.identifier)))),

    edge_half: ($) =>
      seq(field("kind", $.capitalized_kind), "[", field("name", $._expression), "]"),

    // Names.

    identifier: (_) => /[a-z]([a-z0-9_]*[a-z0-9])?/,

    capitalized: (_) => /[A-Z]([a-z0-9_]*[a-z0-9])?/,

    kind: ($) => seq($.identifier, repeat(seq(":", $.identifier))),

    capitalized_kind: ($) => seq($.capitalized, repeat(seq(":", $.capitalized))),

    _word: ($) => choice($.identifier, alias("map", $.identifier), alias("collect", $.identifier)),

    dotted_name: ($) => seq($._word, repeat(seq(".", $._word))),

    variable_name: ($) => seq("$", $._word),

    variable: ($) => seq("$", $.dotted_name),

    // Expressions.

    _expression: ($) =>
      choice(
        $.boolean,
        $.string,
        $.integer,
        $.float,
        $.list,
        $.map,
        $.struct,
        $.call,
        $.variable,
        $.lambda,
        $.if_expression,
        $.parenthesized,
        $.index,
        $.field_access,
        $.unary,
        $.binary,
      ),

    boolean: (_) => choice("true", "false"),

    integer: (_) => /-?[0-9]+/,

    float: (_) => /-?[0-9]+\.[0-9]+/,

    string: ($) =>
      seq(
        '"',
        repeat(choice($.string_content, $._dollar, $.escape, $.interpolation)),
        token.immediate('"'),
      ),

    // Apart from the dollar, so that a `#` before one is no comment.
    string_content: (_) => token.immediate(prec(1, /[^"\\$]+/)),

    _dollar: (_) => token.immediate(prec(1, "$")),

    escape: (_) => token.immediate(prec(2, /\\(.|\n)/)),

    // What is wrong in it is an error of a later stage, and ends with the string at the latest.
    interpolation: ($) =>
      prec.right(
        seq(
          token.immediate(prec(2, "${")),
          repeat(
            choice(
              alias(token.immediate(prec(3, /[a-z][a-z0-9_.]*/)), $.identifier),
              alias(token.immediate(prec(2, /[^a-z}"\\\n]/)), $.invalid),
            ),
          ),
          optional(token.immediate(prec(3, "}"))),
        ),
      ),

    list: ($) => seq("[", commaList($._expression), "]"),

    map: ($) => seq("{", commaList($.pair), "}"),

    pair: ($) => seq(field("key", $._expression), "=>", field("value", $._expression)),

    struct: ($) => seq("struct", "{", commaList($.member), "}"),

    member: ($) => seq(field("name", $.identifier), "=>", field("value", $._expression)),

    call: ($) =>
      seq(
        field("function", choice($.dotted_name, $.variable, $.lambda)),
        field("arguments", $.arguments),
      ),

    arguments: ($) => seq("(", commaList($._expression), ")"),

    lambda: ($) =>
      seq(
        "func",
        field("parameters", $.parameters),
        optional(field("result", $._type)),
        field("body", $.body),
      ),

    parameters: ($) => seq("(", commaList($.parameter), ")"),

    parameter: ($) => seq(field("name", $.variable_name), optional(field("type", $._type))),

    body: ($) => seq("{", $._expression, "}"),

    if_expression: ($) =>
      seq(
        "if",
        field("condition", $._expression),
        field("consequence", $.body),
        "else",
        field("alternative", $.body),
      ),

    parenthesized: ($) => seq("(", $._expression, ")"),

    index: ($) =>
      prec(PREC.index, seq(field("value", $._expression), "[", field("index", $._expression), "]")),

    field_access: ($) =>
      prec(PREC.field, seq(field("value", $._expression), "->", field("field", $.identifier))),

    unary: ($) => prec(PREC.not, seq("not", field("operand", $._expression))),

    binary: ($) =>
      choice(
        ...[
          [PREC.except, "<|>"],
          [PREC.or, "or"],
          [PREC.and, "and"],
          [PREC.compare, choice("<", ">", "<=", ">=", "==", "!=", "in")],
          [PREC.add, choice("+", "-")],
          [PREC.multiply, choice("*", "/")],
        ].map(([level, operator]) =>
          prec.left(
            level,
            seq(
              field("left", $._expression),
              field("operator", operator),
              field("right", $._expression),
            ),
          ),
        ),
      ),

    // Types.

    _type: ($) =>
      choice($.primitive_type, $.list_type, $.map_type, $.struct_type, $.function_type),

    primitive_type: (_) => choice("bool", "str", "int", "float", "variant"),

    list_type: ($) => seq("[", "]", field("element", $._type)),

    map_type: ($) =>
      seq("map", "{", field("key", $._type), ":", field("value", $._type), "}"),

    struct_type: ($) =>
      seq(
        "struct",
        "{",
        optional(seq($.struct_field, repeat(seq(";", $.struct_field)))),
        "}",
      ),

    struct_field: ($) => seq(field("name", $.identifier), field("type", $._type)),

    function_type: ($) =>
      seq("func", "(", commaList($.type_argument), ")", field("result", $._type)),

    type_argument: ($) => seq(optional(field("name", $.variable_name)), field("type", $._type)),
  },
});
